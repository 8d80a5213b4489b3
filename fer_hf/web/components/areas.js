// The seven scores over time as stacked areas on a canvas, shared by Live and Video.
const NAMED = 0.22; // an area that is so high somewhere carries its name there

// The pen of a canvas that is as large as it is shown, cleared; null while it is hidden.
export function clearedPen(canvas) {
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
  if (!width) return null;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = `600 12px ${getComputedStyle(canvas).fontFamily}`;
  return pen;
}

// Splits points wherever `together(the one before, point)` is false.
export function splitRuns(points, together) {
  const runs = [];
  points.forEach((point, i) => {
    if (i && together(points[i - 1], point)) runs.at(-1).push(point);
    else runs.push([point]);
  });
  return runs;
}

// Draws runs of points {time, scores}; `x` and `y` turn a time and a share into pixels.
export function drawAreas(pen, runs, x, y, expressions) {
  for (const run of runs) {
    const edges = run.map(({ scores }) => scores.reduce((sums, score) => [...sums, sums.at(-1) + score], [0]));
    expressions.forEach(({ colour }, i) => {
      pen.beginPath();
      run.forEach(({ time }, at) => pen.lineTo(x(time), y(edges[at][i + 1])));
      run.toReversed().forEach(({ time }, at) => pen.lineTo(x(time), y(edges[run.length - 1 - at][i])));
      pen.fillStyle = colour;
      pen.fill();
    });
  }
}

// Names each expression where its area is highest, so that colour is not the only sign.
export function nameAreas(pen, runs, x, y, expressions) {
  const points = runs.flat();
  expressions.forEach(({ word, colour, ink }, i) => {
    const { time, scores } = points.reduce((best, point) => (point.scores[i] > best.scores[i] ? point : best));
    if (scores[i] < NAMED) return;
    const middle = y(scores.slice(0, i).reduce((sum, score) => sum + score, scores[i] / 2));
    const width = pen.measureText(word).width + 10;
    const left = Math.max(0, Math.min(x(time) - width / 2, pen.canvas.clientWidth - width));
    pen.fillStyle = colour;
    pen.fillRect(left, middle - 9, width, 18);
    pen.fillStyle = ink;
    pen.fillText(word, left + 5, middle + 4);
  });
}
