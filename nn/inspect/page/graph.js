"use strict";
// The picture of the graph: where boxes stand, how they are drawn, and what moves it.

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
