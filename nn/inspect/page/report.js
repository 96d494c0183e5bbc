"use strict";
// The parts of the page, and what goes with what.

// --- choosing: an op in the table and its box in the picture go together ---

const boxOf = [], arrowLines = [];
let opsList = null, chosenOps = new Set();
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
  chosenOps = new Set(ops);
  for (const i of ops) opsList.line(i)?.classList.add("chosen");
  boxOf[box]?.classList.add("chosen");
  arrowLines.forEach((line, i) => {
    const arrow = data.picture.arrows[i];
    if (arrow.from === box || arrow.to === box) line.classList.add("chosen");
  });
  if (ops.length) showDetail(data.ops[ops[0]]);
  if (scroll === "row" && ops.length) opsList.reveal(ops[0]);
  if (scroll === "box") view?.centre(box);
}

// --- tables ---

/// Columns are {name, text(row), key(row), number, words}. A click or Enter on a name sorts. A browser takes long to lay
/// out thousands of rows: those further down are made when one scrolls there, or prints.
function table(caption, columns, rows, options = {}) {
  const body = make("tbody"), lines = [], atOnce = 100;
  let sorted = null, order = rows.map((row, i) => i), listed = order, shown = 0;
  const makeLine = i => {
    const row = rows[i], line = make("tr", options.choose ? {tabindex: 0, on: {
      click: () => options.choose(row, i),
      keydown: event => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); options.choose(row, i); }
        if (event.key === "ArrowDown") {
          event.preventDefault();
          if (!line.nextElementSibling) grow(shown + atOnce);
          line.nextElementSibling?.focus();
        }
        if (event.key === "ArrowUp") { event.preventDefault(); line.previousElementSibling?.focus(); }
      }}} : {}, columns.map(column => make("td", {class: [column.number ? "number" : "", column.words ? "words" : "",
        column.bad && column.bad(row) ? "bad" : ""].filter(Boolean).join(" ") || null}, column.text(row))));
    options.line?.(line, row, i);
    return line;
  };
  const more = make("p", {class: "more note"}), count = make("span");
  function grow(n) {
    const upTo = Math.min(n, listed.length);
    if (upTo > shown) body.append(...listed.slice(shown, upTo).map(i => lines[i] ||= makeLine(i)));
    shown = Math.max(shown, upTo);
    more.hidden = shown >= listed.length;
    count.textContent = `${grouped(shown)} of ${grouped(listed.length)} rows; more come as you scroll. `;
  }
  more.append(count, make("button", {type: "button", on: {click: () => grow(listed.length)}}, "All at once"));
  /// Shows the rows of `listed`, as many as were shown before.
  function redraw() {
    const n = Math.max(shown, atOnce);
    body.replaceChildren();
    shown = 0;
    grow(n);
  }
  const heads = columns.map(column => make("th", {scope: "col", class: column.number ? "number" : null},
    make("button", {type: "button", on: {click: () => sort(column)}}, column.name)));
  function sort(column) {
    const down = sorted && sorted.column === column ? !sorted.down : Boolean(column.number);
    sorted = {column, down};
    heads.forEach((head, i) => columns[i] === column
      ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    const key = column.key || column.text, isListed = new Set(listed);
    const keys = rows.map((row, i) => [key(row), i]);
    keys.sort(([a, i], [b, k]) => {
      if (!known(a) || a === "") return !known(b) || b === "" ? i - k : 1;  // unknown ones stand last
      if (!known(b) || b === "") return -1;
      const sign = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
      return (down ? -sign : sign) || i - k;
    });
    order = keys.map(([, i]) => i);
    listed = order.filter(i => isListed.has(i));
    redraw();
  }
  const element = make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption, on: {scroll: () => {
    if (element.scrollTop + 2 * element.clientHeight > element.scrollHeight) grow(shown + atOnce);
  }}}, make("table", {}, make("thead", {}, make("tr", {}, heads)), body), more);
  addEventListener("beforeprint", () => grow(listed.length));
  redraw();
  return {element,
    /// The row's line if it is made already.
    line: i => lines[i],
    /// Shows only rows that a function takes, and returns how many these are.
    keep(fits) {
      listed = order.filter(i => fits(rows[i]));
      redraw();
      return listed.length;
    },
    /// Makes a row and scrolls to it.
    reveal(i) {
      grow(listed.indexOf(i) + 1);
      lines[i]?.scrollIntoView({block: "nearest"});
    }};
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
  opsList = table("Ops", columns, data.ops, {choose: (op, i) => choose([i], op.box, "box"), line: (line, op, i) => {
    line.dataset.op = i;
    if (chosenOps.has(i)) line.classList.add("chosen");
  }});
  const count = make("span", {class: "note", role: "status"});
  const tell = n => { count.textContent = `${n} of ${data.nodes} ops`; };
  const search = make("input", {type: "search", id: "search", placeholder: "op, module or line", "aria-label": "Show only ops with",
    on: {input: () => {
      const wanted = search.value.toLowerCase();
      tell(opsList.keep(op => [op.op, op.name, op.path, op.place].some(text => text && text.toLowerCase().includes(wanted))));
    }}});
  tell(data.ops.length);
  return [make("div", {class: "filter"}, search, count), opsList.element,
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
  return table("Modules", shown, data.modules).element;
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
    {name: "memory", number: true, text: r => bytes(r.bytes), key: r => r.bytes}], rows).element;
}

/// Draws what is far down the page when it comes near, or is printed.
const waiting = new Map();
function draw(element) {
  const build = waiting.get(element);
  if (!build) return;
  waiting.delete(element);
  near.unobserve(element);
  element.append(...[build()].flat(2).filter(known));
}
const near = new IntersectionObserver(seen => { for (const one of seen) if (one.isIntersecting) draw(one.target); }, {rootMargin: "800px"});
addEventListener("beforeprint", () => { for (const element of [...waiting.keys()]) draw(element); });
function later(element, build) {
  waiting.set(element, build);
  near.observe(element);
  return element;
}

function parameterCards() {
  return make("div", {class: "cards"}, data.parameters.map(p => {
    const past = data.history?.tensors.find(t => t.name === p.name);
    return make("div", {class: "card"}, make("h3", {}, p.name), make("div", {class: p.fine ? "note" : "bad-text"}, p.verdict),
      make("div", {class: "note"}, `${p.shape}, |value| ${sizeOf(p.value)}, |gradient| ${p.gradient ? sizeOf(p.gradient) : "none"}`
        + (known(p.update) ? `, |update|/|value| ${short(p.update)}` : "") + (p.dead ? `, ${(100 * p.dead).toFixed(0)} % of units dead` : "")),
      later(make("div", {class: "charts"}), () => [p.values ? histogram(p.values, "value", 140, 50) : null,
        p.gradients ? histogram(p.gradients, "gradient", 140, 50) : null,
        past ? [history(past.values, "value", data.history.steps), history(past.gradients, "gradient", data.history.steps)] : null]));
  }));
}

function curves() {
  const h = data.history, done = h.losses.map((loss, i) => (i + 1) * h.spacing);  // each a mean up to there
  return make("div", {class: "charts"}, curve(h.losses, "loss", done, false), curve(h.rates, "learning rate", h.steps, false),
    h.tensors.filter(t => t.norms.some(known)).slice(0, 24).map(t => curve(t.norms, `|gradient| of ${t.name}`, h.steps, true, 300, 110)));
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
