// How long reading takes in the browser, in the page itself: the times of `python -m benchmarks.device`.
import { FaceAnalyzer } from "./device/analyzer.js";
import { cropFace } from "./device/crop.js";
import { LiveSession } from "./device/live.js";
import { fromImageData } from "./device/picture.js";

const WARM_UPS = 2; // rounds that are not counted
const manifest = await (await fetch("device.json")).json();
const whole = (url) => new URL(url, document.baseURI).href;

// Median milliseconds of each task over some rounds, in each of which every task runs once.
export async function measure({ threads, rounds, frames, nets, vit }) {
  const ort = await import(whole(manifest.runtime.script));
  const wasmPaths = { mjs: whole(manifest.runtime.glue), wasm: whole(manifest.runtime.wasm.url) };
  Object.assign(ort.env.wasm, { numThreads: threads, wasmPaths });
  const load = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
  const files = [await load(manifest.detector.url), await load(manifest.classifier.url)];
  const analyzer = await FaceAnalyzer.load(ort, ...files, manifest.config);
  const tasks = {};
  for (const [faces, names] of Object.entries(frames)) {
    const pictures = await Promise.all(names.map(async (name) => fromImageData(await pixels(name))));
    const session = new LiveSession(analyzer);
    tasks[`frame_${faces}`] = (round) => session.analyze(pictures[round % pictures.length], round + 1);
    tasks[`find_${faces}`] = (round) => session.detectSmall(pictures[round % pictures.length]);
    tasks[`photo_${faces}`] = (round) => analyzer.analyze(pictures[round % pictures.length]);
    if (faces === "1") {
      const [{ box }] = await session.detectSmall(pictures[0]);
      const crop = cropFace(pictures[0], box);
      tasks.face = () => analyzer.classifier.scores([crop]);
    }
  }
  for (const [name, { file, shape }] of Object.entries({ ...nets, vit })) {
    tasks[name] = await netPass(ort, await load(file), shape);
  }
  return interleaved(tasks, rounds);
}

async function netPass(ort, file, shape) {
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const values = Float32Array.from({ length: shape.reduce((all, each) => all * each) }, () => Math.random());
  const input = new ort.Tensor("float32", values, shape);
  return () => session.run({ [session.inputNames[0]]: input });
}

async function interleaved(tasks, rounds) {
  const times = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  for (let round = 0; round < WARM_UPS + rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const started = performance.now();
      await task(round);
      if (round >= WARM_UPS) times[name].push(performance.now() - started);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
}

// Frames a second through the worker, and how often the page could have drawn meanwhile.
export async function pace({ threads, seconds, frames }) {
  const reader = await DeviceReader.open(manifest, { threads });
  const pictures = await Promise.all(frames.map(pixels));
  const read = async (i) =>
    reader.readFrame(await createImageBitmap(pictures[i % pictures.length]), performance.now() / 1000);
  for (let i = 0; i < WARM_UPS; i++) await read(i);
  let [count, drawn, on] = [0, 0, true];
  const draw = () => on && (drawn++, requestAnimationFrame(draw));
  draw();
  const started = performance.now();
  while (performance.now() - started < 1000 * seconds) await read(WARM_UPS + count++);
  const spent = (performance.now() - started) / 1000;
  on = false;
  reader.close();
  return { frames_a_second: count / spent, draws_a_second: drawn / spent };
}

async function pixels(name) {
  const bitmap = await createImageBitmap(await (await fetch(name)).blob());
  const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  return pen.getImageData(0, 0, bitmap.width, bitmap.height);
}

const median = (values) => values.sort((one, other) => one - other)[values.length >> 1];
