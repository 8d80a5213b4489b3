// Small things that no other test sees.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assign } from "../../../fer_hf/web/device/assignment.js";
import { cut, fromImageData, round } from "../../../fer_hf/web/device/picture.js";

test("halves are rounded as Python rounds them", () => {
  assert.deepEqual([0.5, 1.5, 2.5, -0.6, -1.5, 7.4999, 7.5, 2].map(round), [0, 2, 2, -1, -2, 7, 8, 2]);
});

test("what shines through is white", () => {
  const data = new Uint8ClampedArray([10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128]);
  const { data: rgb } = fromImageData({ width: 3, height: 1, data });
  assert.deepEqual([...rgb], [10, 20, 30, 255, 255, 255, 127, 127, 127]);
});

test("a part beyond the edge repeats the edge", () => {
  const picture = { width: 2, height: 1, data: new Uint8Array([1, 1, 1, 2, 2, 2]) };
  const { data } = cut(picture, -1, -1, 4, 2);
  assert.deepEqual([...data].filter((_, i) => i % 3 === 0), [1, 1, 2, 2, 1, 1, 2, 2]);
});

test("the cheapest pairs are found, however many rows and columns", () => {
  for (let seed = 1; seed < 300; seed++) {
    const [rows, columns] = [1 + (seed % 4), 1 + (seed % 5)];
    const costs = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => ((seed * 7919 + i * 104729 + j * 1299709) % 97) - 20),
    );
    const pairs = assign(costs);
    assert.equal(pairs.length, Math.min(rows, columns));
    assert.equal(new Set(pairs.map(([, column]) => column)).size, pairs.length);
    assert.equal(total(costs, pairs), cheapest(costs));
  }
  assert.deepEqual(assign([]), []);
  assert.deepEqual(assign([[], []]), []);
});

const total = (costs, pairs) => pairs.reduce((sum, [row, column]) => sum + costs[row][column], 0);

// By trying all: the first row takes each column, or none where there are more rows than columns.
function cheapest(costs, free = costs[0].map((_, i) => i), skips = Math.max(costs.length - free.length, 0)) {
  if (!costs.length) return 0;
  const [first, ...others] = costs;
  const taken = free.map((column) => first[column] + cheapest(others, free.filter((each) => each !== column), skips));
  return Math.min(...taken, skips > 0 ? cheapest(others, free, skips - 1) : Infinity);
}
