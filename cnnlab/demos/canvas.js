const SIDE = 280, PEN = 20, STEP = 7;

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label",
    "Canvas: draw a digit with the pointer; or move with the arrow keys, and hold Shift to draw.");
  canvas.style.cssText =
    "border: 1px solid #888; cursor: crosshair; touch-action: none; background: white; max-width: 100%";
  el.appendChild(canvas);
  const pen = canvas.getContext("2d");
  let from = null, key = { x: SIDE / 2, y: SIDE / 2 }, changed = false;

  function clear() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.lineWidth = PEN;
    pen.lineCap = "round";
  }
  function line(a, b) {
    pen.beginPath();
    pen.moveTo(a.x, a.y);
    pen.lineTo(b.x, b.y);
    pen.stroke();
    changed = true;
    send();
  }
  function send() {  // one drawing at a time: the next when the last was read
    if (!changed || model.get("read") < model.get("sent")) return;
    changed = false;
    model.set("sent", model.get("sent") + 1);
    model.set("png", canvas.toDataURL("image/png").split(",")[1]);
    model.save_changes();
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) * SIDE / box.width, y: (event.clientY - box.top) * SIDE / box.height };
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
    line(from, from);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = place(event);
    line(from, to);
    from = to;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { from = null; });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const to = { x: key.x + STEP * move[0], y: key.y + STEP * move[1] };
    if (event.shiftKey) line(key, to);
    key = to;
  });
  model.on("change:read", send);
  model.on("change:cleared", () => { clear(); changed = false; key = { x: SIDE / 2, y: SIDE / 2 }; });
  clear();
}
export default { render };
