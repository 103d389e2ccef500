const SIDE = 230;

function render({ model, el }) {
  el.style.cssText = "display: flex; flex-wrap: wrap; gap: 18px; align-items: flex-start; font-size: 13px";
  const titles = ["picture with its padding", "response: point at a position, or use the arrow keys"];
  const [left, right] = titles.map((title) => {
    const box = el.appendChild(document.createElement("div"));
    box.appendChild(document.createElement("div")).textContent = title;
    const canvas = box.appendChild(document.createElement("canvas"));
    canvas.style.cssText = "image-rendering: pixelated; border: 1px solid #888; background: #fff";
    return canvas;
  });
  right.tabIndex = 0;
  right.setAttribute("role", "application");
  right.setAttribute("aria-label", "Response: move with the arrow keys to see how a position is computed.");
  right.style.cursor = "crosshair";
  const words = el.appendChild(document.createElement("div"));
  words.setAttribute("role", "status");
  words.className = "cnnlab-sum";
  let at = [0, 0];

  function numbers(name) {  // bytes come as a view that need not begin at a multiple of four
    const view = model.get(name);
    return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  }
  const written = (value) => String(+value.toFixed(2)).replace("-", "−");

  function paint(canvas, values, height, width, frame, signed) {
    const scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    const end = Math.max(...values.map(Math.abs)) || 1;
    for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
      const share = values[row * width + column] / end;
      const rest = Math.round(255 * (1 - Math.abs(share)));
      const grey = Math.round(255 * share);
      pen.fillStyle = signed ? (share < 0 ? `rgb(${rest},${rest},255)` : `rgb(255,${rest},${rest})`)
        : `rgb(${grey},${grey},${grey})`;
      pen.fillRect(column * scale, row * scale, scale, scale);
    }
    pen.strokeStyle = "#d55e00";
    pen.lineWidth = 2;
    for (const [row, column] of frame) pen.strokeRect(column * scale, row * scale, scale, scale);
  }

  function show() {
    const [height, width] = model.get("padded"), [high, wide] = model.get("size");
    const kernel = model.get("kernel"), stride = model.get("stride"), dilation = model.get("dilation");
    const padding = model.get("padding"), picture = numbers("picture"), response = numbers("response");
    at = [Math.min(Math.max(at[0], 0), high - 1), Math.min(Math.max(at[1], 0), wide - 1)];
    const cells = [], rows = [];
    let sum = 0, padded = 0;
    kernel.forEach((weights, i) => {
      const terms = [];
      weights.forEach((weight, j) => {
        const row = at[0] * stride + i * dilation, column = at[1] * stride + j * dilation;
        const outside = row < padding || column < padding || row >= height - padding || column >= width - padding;
        const value = picture[row * width + column];
        cells.push([row, column]);
        sum += value * weight;
        padded += outside;
        const style = `padding: 1px 7px; text-align: right; ${outside ? "opacity: .55; font-style: italic" : ""}`;
        terms.push(`<td style="${style}">${written(value)} · ${written(weight)}</td>`);
      });
      rows.push(`<tr>${terms.join("")}</tr>`);
    });
    paint(left, Array.from(picture), height, width, cells, false);
    paint(right, Array.from(response), high, wide, [at], true);
    const zeros = padded ? `, with ${padded} pixel${padded > 1 ? "s" : ""} of the padding (0)` : "";
    words.innerHTML = `<div>row ${at[0]}, column ${at[1]} of the response: pixel · weight</div>`
      + `<table>${rows.join("")}</table><div>sum = <b>${written(sum)}</b>${zeros}</div>`;
  }

  right.addEventListener("pointermove", (event) => {
    const box = right.getBoundingClientRect(), [high, wide] = model.get("size");
    at = [Math.floor((event.clientY - box.top) / box.height * high),
      Math.floor((event.clientX - box.left) / box.width * wide)];
    show();
  });
  right.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    at = [at[0] + move[0], at[1] + move[1]];
    show();
  });
  model.on("change:version", show);
  show();
}
export default { render };
