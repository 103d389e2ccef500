const SIDE = 330;

function render({ model, el }) {
  const canvas = document.createElement("canvas"), hint = document.createElement("div");
  canvas.width = canvas.height = 2 * SIDE;
  canvas.style.cssText = `width: ${SIDE}px; height: ${SIDE}px; cursor: pointer; touch-action: manipulation`;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label",
    "Confusion matrix: rows are true classes, columns predicted ones. Click a cell, or move with the arrow keys.");
  hint.setAttribute("aria-live", "polite");
  hint.style.cssText = "font-size: 13px; line-height: 1.4; min-height: 1.4em";
  el.append(canvas, hint);
  const pen = canvas.getContext("2d");

  function draw() {
    const counts = model.get("counts"), count = counts.length, size = 2 * SIDE / count;
    pen.fillStyle = "white";
    pen.fillRect(0, 0, 2 * SIDE, 2 * SIDE);
    counts.forEach((row, i) => {
      const sum = Math.max(1, row.reduce((a, b) => a + b, 0));
      row.forEach((value, j) => {
        if (!value) return;
        const share = value / sum;  // of the true class; the diagonal is grey, mistakes are orange
        pen.fillStyle = i === j ? "#d8d8d8" : `rgba(196, 78, 0, ${Math.min(1, 0.25 + 2 * share)})`;
        pen.fillRect(j * size, i * size, size, size);
      });
    });
    if (count <= 20) {
      pen.font = `${Math.min(24, size * 0.45)}px sans-serif`;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillStyle = "black";
      counts.forEach((row, i) => row.forEach((value, j) => {
        if (value) pen.fillText(value, (j + 0.5) * size, (i + 0.5) * size);
      }));
    }
    pen.strokeStyle = "#888";
    pen.lineWidth = 2;
    pen.strokeRect(1, 1, 2 * SIDE - 2, 2 * SIDE - 2);
    const [i, j] = model.get("cell");
    const shown = Math.max(size, 14);  // a cell of many is framed larger than it is
    pen.strokeStyle = "#0072B2";
    pen.lineWidth = 5;
    pen.strokeRect((j + 0.5) * size - shown / 2, (i + 0.5) * size - shown / 2, shown, shown);
    say(i, j);
  }
  function say(i, j) {
    const names = model.get("names"), value = model.get("counts")[i][j];
    hint.textContent = `${names[i]} → ${names[j]}: ${value} picture${value === 1 ? "" : "s"}`;
  }
  function place(event) {
    const box = canvas.getBoundingClientRect(), count = model.get("counts").length;
    const index = (at, length) => Math.max(0, Math.min(count - 1, Math.floor(at / length * count)));
    return [index(event.clientY - box.top, box.height), index(event.clientX - box.left, box.width)];
  }
  function choose(cell) {
    model.set("cell", cell);
    model.save_changes();
  }
  canvas.addEventListener("pointermove", (event) => say(...place(event)));
  canvas.addEventListener("pointerleave", () => say(...model.get("cell")));
  canvas.addEventListener("click", (event) => choose(place(event)));
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const last = model.get("counts").length - 1;
    choose(model.get("cell").map((at, axis) => Math.max(0, Math.min(last, at + move[axis]))));
  });
  model.on("change:cell change:counts", draw);
  draw();
}
export default { render };
