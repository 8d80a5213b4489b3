// On a slow device a face that was just scored rests, while its box is found in every frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveSession } from "../../../fer_hf/web/device/live.js";

const frame = { width: 320, height: 240, data: new Uint8Array(3 * 320 * 240) };
const labels = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];
const landmarks = [[120, 100], [160, 100], [140, 120], [125, 140], [155, 140]];

// One face that moves to the right by a pixel a frame; its score says how often it was scored.
function analyzer() {
  const counts = { found: 0, scored: 0 };
  return {
    counts,
    config: { labels, unsure_below: 0, unsure_limits: {}, neutral_logits: null },
    detector: { detect: async () => [{ box: [100 + counts.found++, 60, 180 + counts.found, 160], score: 1, landmarks }] },
    classifier: {
      scores: async (crops) =>
        crops.map(() => {
          const best = counts.scored++ % labels.length;
          return labels.map((_, i) => Number(i === best));
        }),
    },
  };
}

test("a scored face rests, and its box moves on", async () => {
  const faces = analyzer();
  const session = new LiveSession(faces, { rest: 0.15, faces: 1 });
  const answers = [];
  for (const time of [1, 1.1, 1.2, 1.3, 1.4]) answers.push(await session.analyze(frame, time));
  assert.deepEqual(faces.counts, { found: 5, scored: 3 });
  assert.ok(answers.every(({ faces: [face] }, i) => face.number === 1 && (i === 0 || face.box[0] >= answers[i - 1].faces[0].box[0])));
  assert.deepEqual(answers[0].faces[0].scores, answers[1].faces[0].scores);
  assert.notDeepEqual(answers[1].faces[0].scores, answers[2].faces[0].scores);
});

test("without a rest it is scored in every frame, as in Python", async () => {
  const faces = analyzer();
  const session = new LiveSession(faces);
  for (const time of [1, 1.1, 1.2]) await session.analyze(frame, time);
  assert.deepEqual(faces.counts, { found: 3, scored: 3 });
});

test("after a reset the numbers begin again and the rest stays", async () => {
  const faces = analyzer();
  const session = new LiveSession(faces, { rest: 10, faces: 1 });
  await session.analyze(frame, 5);
  session.reset();
  assert.equal((await session.analyze(frame, 1)).faces[0].number, 1);
  await session.analyze(frame, 2);
  assert.equal(faces.counts.scored, 2);
  assert.equal(session.summary().frames, 2);
});

test("a resting face is scored in every frame while a baseline is taken", async () => {
  const faces = analyzer();
  faces.config.neutral_logits = labels.map(() => 0);
  const session = new LiveSession(faces, { rest: 10, faces: 1 });
  assert.equal(session.takeBaseline(), true);
  for (const time of [1, 1.1, 1.2]) await session.analyze(frame, time);
  assert.equal(faces.counts.scored, 3);
});
