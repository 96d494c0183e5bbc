"use strict";
// Draws the report from the data that stands in the page. All text goes in as text nodes: names cannot become markup.
const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes, ...children) {
  const element = ["svg", "g", "rect", "text", "path", "line", "title", "defs", "marker"].includes(tag)
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") for (const [event, f] of Object.entries(value)) element.addEventListener(event, f);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
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

/// Histograms over time: a column a look, the darker the more numbers.
function history(list, kind, steps, width = 300, height = 90) {
  const found = list.filter(known);
  if (!found.length) return null;
  const low = Math.min(...found.map(h => h.low)), high = Math.max(...found.map(h => h.high));
  const picture = make("svg", {class: "bars", width, height: height + 14, role: "img",
    "aria-label": `${kind}s over the training, from ${short(low)} to ${short(high)}`});
  const step = width / list.length, span = high - low || 1;
  const shades = ["", "", "", "", ""];  // one path a shade
  list.forEach((h, i) => {
    if (!h) return;
    const total = h.counts.reduce((a, b) => a + b, 0) || 1, tall = (h.high - h.low || span / 40) / h.counts.length;
    h.counts.forEach((count, k) => {
      if (!count) return;
      const bottom = height - (h.low + k * tall - low) / span * height, size = Math.max(1, tall / span * height);
      shades[Math.min(4, Math.floor(20 * count / total))] +=
        `M${(i * step).toFixed(1)} ${bottom.toFixed(1)}h${(step + .3).toFixed(1)}v${-size.toFixed(1)}h${-(step + .3).toFixed(1)}z`;
    });
  });
  shades.forEach((d, shade) => d && picture.append(make("path", {class: kind, d, opacity: .2 + .2 * shade})));
  picture.append(make("text", {class: "axis", x: 0, y: height + 11}, `step ${steps[0]}`),
    make("text", {class: "axis", x: width, y: height + 11, "text-anchor": "end"}, `step ${steps[steps.length - 1]}`));
  return make("figure", {}, picture, make("figcaption", {}, `${kind}s over time, ${short(low)} to ${short(high)}`));
}

function curve(values, caption, from, to, logarithmic, width = 420, height = 150) {
  const shown = values.map(v => known(v) && (!logarithmic || v > 0) ? (logarithmic ? Math.log10(v) : v) : null);
  const found = shown.filter(known);
  if (!found.length) return null;
  const low = Math.min(...found), high = Math.max(...found), span = high - low || 1;
  const x = i => 44 + (width - 50) * (values.length > 1 ? i / (values.length - 1) : .5);
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

// --- choosing: an op in the table and its box in the picture go together ---

const rowOf = new Map(), boxOf = [], arrowLines = [];
let opsOfBox = data.picture.boxes.map(() => []);
data.ops.forEach((op, i) => opsOfBox[op.box].push(i));
const detail = make("div", {id: "detail", "aria-live": "polite"}, make("p", {class: "note"}, "Choose an op in the table or the picture."));

function showDetail(op) {
  const line = (name, text) => text ? make("div", {}, make("b", {}, name + " "), text) : null;
  const stats = (name, s) => s ? line(name, `norm ${short(s.norm)}, mean ${short(s.mean)} ± ${short(s.deviation)}, `
    + `${short(s.least)} to ${short(s.greatest)}, ${(100 * s.zeros).toFixed(1)} % zeros${s.bad ? `, ${s.bad} not finite` : ""}`) : null;
  detail.replaceChildren(make("h3", {}, op.name || op.op, op.path ? ` in ${op.path}` : ""),
    line("", [op.place, `${op.dtype} ${op.shape}`].filter(Boolean).join(", ")), line("derivative", op.words),
    stats("value", op.value), stats("gradient", op.gradient),
    op.numbers.map(([input, g, local, product]) => {
      const from = data.ops[input];
      return line("chain rule", `${from ? from.name || from.op : input}: ${short(g)} × ${short(local)} = ${short(product)}`);
    }),
    make("div", {class: "charts"}, op.values ? histogram(op.values, "value") : null,
      op.gradients ? histogram(op.gradients, "gradient") : null));
}

function choose(ops, box, scroll) {
  for (const e of document.querySelectorAll(".chosen")) e.classList.remove("chosen");
  for (const i of ops) rowOf.get(i)?.classList.add("chosen");
  boxOf[box]?.classList.add("chosen");
  arrowLines.forEach((line, i) => {
    const arrow = data.picture.arrows[i];
    if (arrow.from === box || arrow.to === box) line.classList.add("chosen");
  });
  if (ops.length) showDetail(data.ops[ops[0]]);
  if (scroll === "row") rowOf.get(ops[0])?.scrollIntoView({block: "nearest"});
  if (scroll === "box") view?.centre(box);
}

// --- tables ---

/// Columns are {name, text(row), key(row), number, words}. A click or Enter on a name sorts.
function table(caption, columns, rows, options = {}) {
  const body = make("tbody");
  let sorted = null;
  const lines = rows.map((row, i) => {
    const line = make("tr", options.choose ? {tabindex: 0, on: {
      click: () => options.choose(row, i),
      keydown: event => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); options.choose(row, i); }
        if (event.key === "ArrowDown") { event.preventDefault(); line.nextElementSibling?.focus(); }
        if (event.key === "ArrowUp") { event.preventDefault(); line.previousElementSibling?.focus(); }
      }}} : {}, columns.map(column => make("td", {class: [column.number ? "number" : "", column.words ? "words" : "",
        column.bad && column.bad(row) ? "bad" : ""].filter(Boolean).join(" ") || null}, column.text(row))));
    options.line?.(line, row, i);
    return line;
  });
  body.append(...lines);
  const heads = columns.map(column => make("th", {scope: "col", class: column.number ? "number" : null},
    make("button", {type: "button", on: {click: () => sort(column)}}, column.name)));
  function sort(column) {
    const down = sorted && sorted.column === column ? !sorted.down : Boolean(column.number);
    sorted = {column, down};
    heads.forEach((head, i) => columns[i] === column
      ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    const key = column.key || column.text;
    const order = rows.map((row, i) => [key(row), i]);
    order.sort(([a, i], [b, k]) => {
      if (!known(a) || a === "") return !known(b) || b === "" ? i - k : 1;  // unknown ones stand last
      if (!known(b) || b === "") return -1;
      const sign = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
      return (down ? -sign : sign) || i - k;
    });
    body.append(...order.map(([, i]) => lines[i]));
  }
  return make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
    make("table", {}, make("thead", {}, make("tr", {}, heads)), body));
}

// --- the picture ---

/// Where boxes stand when no Graphviz placed them: in rows by the longest way from a source.
function ownLayout() {
  const boxes = data.picture.boxes, arrows = data.picture.arrows;
  const size = boxes.map(box => [Math.max(60, 7 * Math.max(box.label.length, box.shape.length) + 16), 40]);
  const rank = boxes.map(() => 0);
  // Boxes are newest first: what computes has a higher number than what uses it. Folded loops go the other way.
  const incoming = boxes.map(() => []), outgoing = boxes.map(() => []);
  for (const {from, to} of arrows) if (from > to) { incoming[to].push(from); outgoing[from].push(to); }
  for (let i = boxes.length - 1; i >= 0; --i) for (const from of incoming[i]) rank[i] = Math.max(rank[i], rank[from] + 1);
  for (let i = 0; i < boxes.length; ++i)  // sources stand right above what uses them
    if (!incoming[i].length && outgoing[i].length) rank[i] = Math.min(...outgoing[i].map(to => rank[to])) - 1;
  const rows = [];
  boxes.forEach((box, i) => (rows[rank[i]] = rows[rank[i]] || []).push(i));
  const place = boxes.map(() => [0, 0]);
  const spread = (row, y) => {
    let x = 0;
    for (const i of row) { place[i] = [x + size[i][0] / 2, y]; x += size[i][0] + 24; }
    for (const i of row) place[i][0] -= x / 2;
  };
  rows.forEach((row, r) => spread(row, r * 84));
  for (let turn = 0; turn < 4; ++turn)
    rows.forEach((row, r) => {
      const mean = i => {
        const near = turn % 2 ? outgoing[i] : incoming[i];
        return near.length ? near.reduce((sum, k) => sum + place[k][0], 0) / near.length : place[i][0];
      };
      spread(row.map(i => [mean(i), i]).sort((a, b) => a[0] - b[0]).map(pair => pair[1]), r * 84);
    });
  const left = Math.min(...place.map((p, i) => p[0] - size[i][0] / 2)), right = Math.max(...place.map((p, i) => p[0] + size[i][0] / 2));
  return {width: right - left + 40, height: rows.length * 84,
    boxes: place.map(([x, y], i) => [x - left + 20, y + 36, ...size[i]]), arrows: null};
}

function arrowPath(arrow, layout) {
  const found = layout.arrows?.findIndex(([from, to, , used]) => from === arrow.from && to === arrow.to && !used) ?? -1;
  if (found >= 0) {
    const entry = layout.arrows[found], points = entry[2];
    entry[3] = true;
    let d = `M${points[0]}`;
    for (let i = 1; i + 2 < points.length; i += 3) d += `C${points[i]} ${points[i + 1]} ${points[i + 2]}`;
    return [d, points[Math.floor(points.length / 2)]];
  }
  const [x1, y1, , h1] = layout.boxes[arrow.from], [x2, y2, , h2] = layout.boxes[arrow.to];
  const down = y2 > y1 ? 1 : -1, start = y1 + down * h1 / 2, end = y2 - down * (h2 / 2 + 6), bend = (end - start) / 2;
  return [`M${x1} ${start}C${x1} ${start + bend} ${x2} ${end - bend} ${x2} ${end}`, [(x1 + x2) / 2, (start + end) / 2]];
}

function frames(layout) {
  const areas = new Map();
  data.picture.boxes.forEach((box, i) => {
    const parts = box.path ? box.path.split(".") : [];
    const [x, y, w, h] = layout.boxes[i];
    for (let n = 1; n <= parts.length; ++n) {
      const path = parts.slice(0, n).join("."), space = 8 + 7 * (parts.length - n);
      const area = areas.get(path) || {x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity, depth: n};
      areas.set(path, {depth: n, x1: Math.min(area.x1, x - w / 2 - space), y1: Math.min(area.y1, y - h / 2 - space - 12),
        x2: Math.max(area.x2, x + w / 2 + space), y2: Math.max(area.y2, y + h / 2 + space)});
    }
  });
  return [...areas].sort((a, b) => a[1].depth - b[1].depth).map(([path, a]) => make("g", {},
    make("rect", {class: "frame", x: a.x1, y: a.y1, width: a.x2 - a.x1, height: a.y2 - a.y1, rx: 6}),
    make("text", {class: "frame-name", x: a.x1 + 6, y: a.y1 + 12}, path)));
}

let view = null;
function drawing() {
  const layout = data.layout || ownLayout();
  const drawn = make("svg", {tabindex: 0, role: "group", id: "graph",
    "aria-label": "The graph. Arrow keys move it, plus and minus zoom, 0 shows all, Tab goes through the ops."});
  drawn.append(make("defs", {}, make("marker", {id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    orient: "auto-start-reverse"}, make("path", {d: "M0 0L8 4L0 8z", fill: "#888"}))));
  drawn.append(...frames(layout));
  data.picture.arrows.forEach((arrow, i) => {
    const [d, [x, y]] = arrowPath(arrow, layout);
    arrowLines[i] = make("path", {d, class: `arrow${arrow.bad ? " bad" : arrow.zero ? " zero" : ""}`, "marker-end": "url(#tip)"});
    drawn.append(arrowLines[i], make("text", {class: "arrow-name", x: x + 4, y: y + 3},
      arrow.shape + (arrow.count > 1 ? ` × ${arrow.count}` : "")));
  });
  data.picture.boxes.forEach((box, i) => {
    const [x, y, w, h] = layout.boxes[i];
    const text = () => {
      const op = data.ops[opsOfBox[i][0]];
      return [box.label + (box.path ? ` in ${box.path}` : ""), op?.place, `${box.nodes} op${box.nodes > 1 ? "s" : ""}, ${box.shape}`,
        `gradient (rms) ${box.bad ? "not finite" : short(box.gradient)}`, bytes(box.bytes), box.nodes === 1 ? op?.words : ""]
        .filter(Boolean).join("\n");
    };
    const group = make("g", {class: `box${box.bad ? " bad" : box.zero ? " zero" : box.heat > .55 ? " dark" : ""}`, tabindex: 0,
      role: "button", "data-box": i, "aria-label": text().replaceAll("\n", ", "), on: {
        click: () => choose(opsOfBox[i], i, "row"),
        keydown: event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(opsOfBox[i], i, "row"); } },
        pointermove: event => showHint(text(), event.clientX, event.clientY),
        pointerleave: hideHint,
        focus: () => { const area = group.getBoundingClientRect(); showHint(text(), area.right, area.bottom); },
        blur: hideHint}},
      make("rect", {x: x - w / 2, y: y - h / 2, width: w, height: h, rx: box.leaf ? h / 2 : 5}),
      make("text", {x, y: y - 2}, box.label), make("text", {x, y: y + 12}, box.shape));
    if (!box.bad && !box.zero)
      group.firstChild.style.fill = `color-mix(in srgb, var(--hot) ${Math.round(100 * box.heat)}%, var(--cold))`;
    boxOf[i] = group;
    drawn.append(group);
  });

  // The part that is seen.
  const all = {x: -14, y: -24, w: layout.width + 28, h: layout.height + 40};
  let seen = {...all};
  const apply = () => drawn.setAttribute("viewBox", `${seen.x} ${seen.y} ${seen.w} ${seen.h}`);
  const zoom = (factor, x = seen.x + seen.w / 2, y = seen.y + seen.h / 2) => {
    factor = Math.max(factor, 60 / seen.w);
    seen = {x: x - (x - seen.x) * factor, y: y - (y - seen.y) * factor, w: seen.w * factor, h: seen.h * factor};
    apply();
  };
  const fit = () => { seen = {...all}; apply(); };
  // Points of the picture in one of the screen.
  const scale = () => { const area = drawn.getBoundingClientRect(); return Math.max(seen.w / area.width, seen.h / area.height) || 1; };
  const at = event => { const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawn.getScreenCTM().inverse()); return [p.x, p.y]; };
  view = {centre: i => {
    const [x, y] = layout.boxes[i];
    seen.x = x - seen.w / 2; seen.y = y - seen.h / 2;
    apply();
  }};
  drawn.addEventListener("wheel", event => {
    if (!event.ctrlKey && document.activeElement !== drawn && !drawn.contains(document.activeElement)) return;  // the page scrolls
    event.preventDefault();
    zoom(Math.exp(event.deltaY * .0015), ...at(event));
  }, {passive: false});
  let drag = null;
  drawn.addEventListener("pointerdown", event => { drag = [event.clientX, event.clientY, false]; });
  drawn.addEventListener("pointermove", event => {
    if (!drag || !event.buttons) return;
    const dx = event.clientX - drag[0], dy = event.clientY - drag[1];
    if (!drag[2] && Math.hypot(dx, dy) < 4) return;
    if (!drag[2]) { drawn.setPointerCapture(event.pointerId); drawn.classList.add("dragged"); }
    const s = scale();
    seen.x -= dx * s; seen.y -= dy * s;
    drag = [event.clientX, event.clientY, true];
    apply();
  });
  const drop = () => { drag = null; drawn.classList.remove("dragged"); };
  drawn.addEventListener("pointerup", drop);
  drawn.addEventListener("pointercancel", drop);
  drawn.addEventListener("keydown", event => {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    if (moves[event.key]) { seen.x += moves[event.key][0] * seen.w * .1; seen.y += moves[event.key][1] * seen.h * .1; apply(); }
    else if (event.key === "+" || event.key === "=") zoom(.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  apply();
  const button = (text, name, f) => make("button", {type: "button", "aria-label": name, title: name, on: {click: f}}, text);
  return make("div", {class: "picture"}, drawn,
    make("div", {class: "tools"}, button("+", "Zoom in", () => zoom(.8)), button("−", "Zoom out", () => zoom(1.25)),
      button("All", "Show all", fit)),
    make("div", {class: "legend"}, "gradient: small", make("i"), "large, ", make("span", {class: "bad-text"}, "red: not finite"), ", dashed: zero"));
}

// --- the page ---

function section(id, title, ...children) {
  return make("section", {id, "aria-labelledby": `${id}-title`}, make("h2", {id: `${id}-title`}, title), ...children);
}

function verdicts() {
  const wrong = data.parameters.filter(p => !p.fine);
  const nonfinite = data.picture.boxes.map((box, i) => [box, i]).filter(([box]) => box.bad);
  // The cotangent stops being finite in the op that uses the oldest bad value: the first in backward order.
  const items = [];
  if (nonfinite.length) {
    const [box, i] = nonfinite[0], op = data.ops[opsOfBox[i][0]];
    items.push(make("li", {}, make("button", {type: "button", on: {click: () => choose(opsOfBox[i], i, "box")}}, box.label),
      ` — the first op, in the order of the backward pass, whose gradient is not finite${op?.place ? `: ${op.place}` : ""}`));
  }
  for (const p of wrong) {
    const op = data.ops.findIndex(o => o.leaf && o.name === p.name);
    const go = () => { if (op >= 0) choose([op], data.ops[op].box, "box"); document.getElementById("graph")?.scrollIntoView({block: "nearest"}); };
    items.push(make("li", {}, make("button", {type: "button", on: {click: go}}, p.name), ` — ${p.verdict}. ${p.why}`));
  }
  if (!items.length) items.push(make("li", {class: "fine"}, `Nothing is wrong with the gradients of ${data.parameters.length} parameters.`));
  const list = part => make("ul", {class: "verdicts"}, part), most = 12;
  if (items.length <= most) return list(items);
  return [list(items.slice(0, most)), make("details", {}, make("summary", {}, `${items.length - most} more`), list(items.slice(most)))];
}

function opsTable() {
  const columns = [
    {name: "op", text: o => o.leaf ? o.name || "leaf" : o.op + (o.name ? ` ${o.name}` : "")},
    {name: "module", text: o => o.path},
    {name: "line", text: o => o.place},
    {name: "shape", text: o => o.shape},
    {name: "value", number: true, text: o => sizeOf(o.value), key: o => o.value && (o.value.bad ? Infinity : o.value.norm), bad: o => o.value?.bad},
    {name: "gradient", number: true, text: o => sizeOf(o.gradient) || "0", key: o => o.gradient ? (o.gradient.bad ? Infinity : o.gradient.norm) : 0,
      bad: o => o.gradient?.bad},
    {name: "forward", number: true, text: o => seconds(o.forward), key: o => o.forward},
    {name: "backward", number: true, text: o => seconds(o.backward), key: o => o.backward},
    {name: "memory", number: true, text: o => bytes(o.bytes), key: o => o.bytes},
    {name: "derivative", words: true, text: o => o.words}];
  const made = table("Ops", columns, data.ops, {choose: (op, i) => choose([i], op.box, "box"), line: (line, op, i) => { rowOf.set(i, line); line.dataset.op = i; }});
  const count = make("span", {class: "note", role: "status"});
  const tell = n => { count.textContent = `${n} of ${data.nodes} ops`; };
  const search = make("input", {type: "search", id: "search", placeholder: "op, module or line", "aria-label": "Show only ops with",
    on: {input: () => {
      const wanted = search.value.toLowerCase();
      let n = 0;
      data.ops.forEach((op, i) => {
        const fits = [op.op, op.name, op.path, op.place].some(text => text && text.toLowerCase().includes(wanted));
        rowOf.get(i).hidden = !fits;
        n += fits;
      });
      tell(n);
    }}});
  tell(data.ops.length);
  return [make("div", {class: "filter"}, search, count), made,
    make("p", {class: "note"}, "Value and gradient are norms. ",
      data.measured ? "Memory is what was live when the op had run beyond what was before." :
        "Memory is the node and its output; written down with KeepValues, it is what the op left live, and values and times are known.")];
}

function modulesTable() {
  const columns = [
    {name: "module", text: m => make("span", {style: `padding-left: ${1.1 * m.depth}rem`}, m.path ? m.path.split(".").pop() : "model"), key: (m) => data.modules.indexOf(m)},
    {name: "type", text: m => m.type},
    {name: "output", text: m => m.output},
    {name: "parameters", number: true, text: m => grouped(m.parameters), key: m => m.parameters},
    {name: "multiply-adds", number: true, text: m => grouped(m.multiply_adds), key: m => m.multiply_adds},
    {name: "ops", number: true, text: m => grouped(m.ops), key: m => m.ops},
    {name: "forward", number: true, text: m => seconds(m.forward), key: m => m.forward},
    {name: "backward", number: true, text: m => seconds(m.backward), key: m => m.backward},
    {name: "memory", number: true, text: m => bytes(m.bytes), key: m => m.bytes},
    {name: "gradient of parameters", number: true, text: m => short(m.gradient), key: m => m.gradient}];
  const shown = columns.filter(c => ["module", "ops"].includes(c.name) || data.modules.some(m => { const t = c.text(m); return t && t !== "0"; }));
  return table("Modules", shown, data.modules);
}

function costs() {
  const sums = new Map();
  for (const op of data.ops) {
    if (op.leaf) continue;
    const sum = sums.get(op.op) || {op: op.op, calls: 0, forward: null, backward: null, bytes: 0};
    ++sum.calls;
    for (const part of ["forward", "backward"]) if (known(op[part])) sum[part] = (sum[part] || 0) + op[part];
    sum.bytes += op.bytes;
    sums.set(op.op, sum);
  }
  const rows = [...sums.values()].sort((a, b) => (b.forward || 0) + (b.backward || 0) - (a.forward || 0) - (a.backward || 0));
  return table("Time and memory", [
    {name: "op", text: r => r.op}, {name: "calls", number: true, text: r => grouped(r.calls), key: r => r.calls},
    {name: "forward", number: true, text: r => seconds(r.forward), key: r => r.forward},
    {name: "backward", number: true, text: r => seconds(r.backward), key: r => r.backward},
    {name: "memory", number: true, text: r => bytes(r.bytes), key: r => r.bytes}], rows);
}

function parameterCards() {
  return make("div", {class: "cards"}, data.parameters.map(p => {
    const past = data.history?.tensors.find(t => t.name === p.name);
    return make("div", {class: "card"}, make("h3", {}, p.name), make("div", {class: p.fine ? "note" : "bad-text"}, p.verdict),
      make("div", {class: "note"}, `${p.shape}, |value| ${sizeOf(p.value)}, |gradient| ${p.gradient ? sizeOf(p.gradient) : "none"}`
        + (known(p.update) ? `, |update|/|value| ${short(p.update)}` : "") + (p.dead ? `, ${(100 * p.dead).toFixed(0)} % of units dead` : "")),
      make("div", {class: "charts"}, p.values ? histogram(p.values, "value", 140, 50) : null,
        p.gradients ? histogram(p.gradients, "gradient", 140, 50) : null,
        past ? [history(past.values, "value", data.history.steps), history(past.gradients, "gradient", data.history.steps)] : null));
  }));
}

function curves() {
  const h = data.history, last = h.steps.length ? h.steps[h.steps.length - 1] : 0, first = h.steps.length ? h.steps[0] : 0;
  return make("div", {class: "charts"}, curve(h.losses, "loss", 1, Math.round(h.losses.length * h.spacing), false),
    curve(h.rates, "learning rate", first, last, false),
    h.tensors.filter(t => t.norms.some(known)).slice(0, 24).map(t => curve(t.norms, `|gradient| of ${t.name}`, first, last, true, 300, 110)));
}

const sum = name => { const all = data.ops.map(op => op[name]).filter(known); return all.length ? all.reduce((a, b) => a + b, 0) : null; };
const facts = [["loss", short(data.loss)], ["ops and leaves", grouped(data.nodes)], ["parameters", grouped(data.modules[0].parameters)],
  ["forward", seconds(sum("forward"))], ["backward", seconds(sum("backward"))], ["memory", bytes(sum("bytes"))]].filter(([, value]) => value);
const parts = [["verdicts", "Verdicts", verdicts], ["picture", "The graph", drawing], ["ops", "Ops, in the order of the backward pass", () => [opsTable(), detail].flat()],
  ["modules", "Modules", modulesTable], ["costs", "Time and memory by op", costs], ["parameters", "Parameters", parameterCards],
  ...(data.history ? [["training", "The training", curves]] : [])];
document.body.append(make("header", {}, make("h1", {}, data.title),
  make("div", {class: "note"}, data.place ? `loss computed at ${data.place}` : ""),
  make("div", {class: "numbers"}, facts.map(([name, value]) => make("div", {}, make("span", {}, name), make("b", {}, value)))),
  make("nav", {"aria-label": "Parts"}, parts.map(([id, title]) => make("a", {href: `#${id}`}, title.split(",")[0])))),
  make("main", {}, parts.map(([id, title, build]) => section(id, title, ...[build()].flat()))), hint);
