"use strict";
// The report is drawn from the data that stands in the page; here are its text and its charts. All text goes in as text nodes: names cannot become markup.
const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes, ...children) {
  const element = ["svg", "g", "rect", "text", "path", "line", "title", "defs", "marker"].includes(tag)
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") for (const [event, f] of Object.entries(value)) element.addEventListener(event, f);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) element.append(child);
  return element;
}

// --- numbers as text ---

const known = x => x !== null && x !== undefined;
function short(x) {
  if (!known(x)) return "";
  if (x === 0) return "0";
  const size = Math.abs(x);
  return size >= 1e5 || size < 1e-3 ? x.toExponential(2) : String(Number(x.toPrecision(4)));
}
function scaled(x, units, factor) {
  if (!known(x)) return "";
  let unit = 0;
  while (Math.abs(x) >= 999.5 && unit + 1 < units.length) { x /= factor; ++unit; }
  return `${Number(x.toPrecision(3))} ${units[unit]}`;
}
const bytes = x => scaled(x, ["B", "kB", "MB", "GB"], 1000);
const seconds = x => known(x) ? scaled(x * 1e9, ["ns", "µs", "ms", "s"], 1000) : "";
const grouped = x => known(x) ? x.toLocaleString("en") : "";
const sizeOf = s => !s ? "" : s.bad ? "not finite" : short(s.norm);

// --- charts ---

function histogram(h, kind, width = 220, height = 70) {
  const most = Math.max(1, ...h.counts), step = width / h.counts.length;
  const picture = make("svg", {class: "bars", width, height: height + 14, role: "img",
    "aria-label": `${kind}s from ${short(h.low)} to ${short(h.high)}`});
  let bars = "";
  h.counts.forEach((count, i) => {
    // Roots, so that rare numbers are seen beside frequent ones.
    const tall = Math.max(1, height * Math.sqrt(count / most)), wide = Math.max(1, step - 1);
    if (count) bars += `M${(i * step).toFixed(1)} ${height}v${-tall.toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}z`;
  });
  picture.append(make("path", {class: kind, d: bars}));
  picture.append(make("line", {class: "grid", x1: 0, x2: width, y1: height, y2: height}),
    make("text", {class: "axis", x: 0, y: height + 11}, short(h.low)),
    make("text", {class: "axis", x: width, y: height + 11, "text-anchor": "end"}, short(h.high)));
  return make("figure", {}, picture, make("figcaption", {}, `${kind}s`));
}

/// Histograms over time: a column a look, from the step of the look before to its own, the darker the more numbers.
function history(list, kind, steps, width = 300, height = 90) {
  const found = list.filter(known);
  if (!found.length) return null;
  const low = Math.min(...found.map(h => h.low)), high = Math.max(...found.map(h => h.high));
  const picture = make("svg", {class: "bars", width, height: height + 14, role: "img",
    "aria-label": `${kind}s over the training, from ${short(low)} to ${short(high)}`});
  const span = high - low || 1, first = steps[0] - (steps.length > 1 ? steps[1] - steps[0] : 1);
  const x = step => (step - first) / (steps[steps.length - 1] - first) * width;
  const shades = ["", "", "", "", ""];  // one path a shade
  list.forEach((h, i) => {
    if (!h) return;
    const left = x(i ? steps[i - 1] : first), wide = (x(steps[i]) - left + .3).toFixed(1);
    const total = h.counts.reduce((a, b) => a + b, 0) || 1, tall = (h.high - h.low || span / 40) / h.counts.length;
    h.counts.forEach((count, k) => {
      if (!count) return;
      const bottom = height - (h.low + k * tall - low) / span * height, size = Math.max(1, tall / span * height);
      shades[Math.min(4, Math.floor(20 * count / total))] +=
        `M${left.toFixed(1)} ${bottom.toFixed(1)}h${wide}v${-size.toFixed(1)}h${-wide}z`;
    });
  });
  shades.forEach((d, shade) => d && picture.append(make("path", {class: kind, d, opacity: .2 + .2 * shade})));
  picture.append(make("text", {class: "axis", x: 0, y: height + 11}, `step ${steps[0]}`),
    make("text", {class: "axis", x: width, y: height + 11, "text-anchor": "end"}, `step ${steps[steps.length - 1]}`));
  return make("figure", {}, picture, make("figcaption", {}, `${kind}s over time, ${short(low)} to ${short(high)}`));
}

/// values[i] over steps[i].
function curve(values, caption, steps, logarithmic, width = 420, height = 150) {
  const shown = values.map(v => known(v) && (!logarithmic || v > 0) ? (logarithmic ? Math.log10(v) : v) : null);
  const found = shown.filter(known);
  if (!found.length) return null;
  const low = Math.min(...found), high = Math.max(...found), span = high - low || 1;
  const from = steps[0], to = steps[steps.length - 1];
  const x = i => 44 + (width - 50) * (to > from ? (steps[i] - from) / (to - from) : .5);
  const y = v => height - 18 - (height - 28) * (v - low) / span;
  let line = "", pen = false;
  shown.forEach((v, i) => { if (known(v)) { line += `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`; pen = true; } else pen = false; });
  const label = v => short(logarithmic ? 10 ** v : v);
  return make("figure", {}, make("svg", {width, height, role: "img", "aria-label": caption},
    [low, (low + high) / 2, high].map(v => [make("line", {class: "grid", x1: 44, x2: width - 6, y1: y(v), y2: y(v)}),
      make("text", {class: "axis", x: 40, y: y(v) + 3, "text-anchor": "end"}, label(v))]),
    make("path", {class: "curve", d: line}),
    make("text", {class: "axis", x: 44, y: height - 4}, `step ${from}`),
    make("text", {class: "axis", x: width - 6, y: height - 4, "text-anchor": "end"}, `step ${to}`)),
    make("figcaption", {}, caption));
}

// --- the hint beside the pointer ---

const hint = make("div", {id: "hint", hidden: "", role: "status"});
function showHint(text, x, y) {
  hint.textContent = text;
  hint.hidden = false;
  const area = hint.getBoundingClientRect();
  hint.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - area.width - 8))}px`;
  hint.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - area.height - 8))}px`;
}
const hideHint = () => { hint.hidden = true; };
