// Who goes with whom at the least sum of costs: the Hungarian method, as scipy's `linear_sum_assignment`.

/**
 * Each row of a matrix goes to another column; of more rows than columns, some go to none.
 * @param {number[][]} costs finite
 * @returns {[number, number][]} pairs of row and column, by row
 */
export function assign(costs) {
  const columns = costs[0]?.length ?? 0;
  if (costs.length <= columns) return assignRows(costs);
  const turned = Array.from({ length: columns }, (_, column) => costs.map((row) => row[column]));
  const pairs = assignRows(turned).map(([column, row]) => /** @type {[number, number]} */ ([row, column]));
  return pairs.sort(([one], [other]) => one - other);
}

/** For no more rows than columns. @param {number[][]} costs @returns {[number, number][]} */
function assignRows(costs) {
  const columns = costs[0]?.length ?? 0;
  const rowOf = new Array(columns).fill(-1);
  // What each row and column has been given in advance; a cost less both is never negative, and zero for a pair.
  const rowPrice = new Array(costs.length).fill(0);
  const columnPrice = new Array(columns).fill(0);
  for (let start = 0; start < costs.length; start++) {
    const least = new Array(columns).fill(Infinity);
    const before = new Array(columns).fill(-1); // the column from whose row a column was reached at the least cost
    const done = new Array(columns).fill(false);
    let [row, column] = [start, -1];
    do {
      if (column >= 0) row = rowOf[column];
      let [step, next] = [Infinity, -1];
      for (let j = 0; j < columns; j++) {
        if (done[j]) continue;
        const cost = costs[row][j] - rowPrice[row] - columnPrice[j];
        if (cost < least[j]) [least[j], before[j]] = [cost, column];
        if (least[j] < step) [step, next] = [least[j], j];
      }
      rowPrice[start] += step;
      for (let j = 0; j < columns; j++) {
        if (!done[j]) least[j] -= step;
        else [rowPrice[rowOf[j]], columnPrice[j]] = [rowPrice[rowOf[j]] + step, columnPrice[j] - step];
      }
      done[next] = true;
      column = next;
    } while (rowOf[column] >= 0);
    for (; column >= 0; column = before[column]) rowOf[column] = before[column] < 0 ? start : rowOf[before[column]];
  }
  const pairs = rowOf.map((row, column) => /** @type {[number, number]} */ ([row, column]));
  return pairs.filter(([row]) => row >= 0).sort(([one], [other]) => one - other);
}
