// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { functionOf, functionRows, inverted, layoutOf, ownBytes, placeOf, readHeap, totals, type Heap } from './heap';

// main > run > (load 60 > parse 20, cache 15), main > gone
const JSON_HEAP = {
  version: 1, is_exact: true, texts: ['main', 'a.cpp', 'app', 'run', 'load', 'parse', 'cache', ''],
  functions: [0, 3, 4, 5, 6], files: [1, 7, 1, 1, 1], modules: [2, 2, 2, 2, 2], lines: [9, 0, 3, 4, 5],
  parents: [0, 0, 1, 2, 3, 2], frames: [0, 0, 1, 2, 3, 4],
  moments: [
    { name: 'at exit', measure: 'amount', interval: [95, 95], nodes: [3, 1, 1], bytes: [60, 20, 15] },
    { name: 'after load', measure: 'amount', interval: [70, 70], nodes: [3, 2], bytes: [50, 20] },
  ],
};
const heap = (): Heap => readHeap(JSON_HEAP)!;

describe('readHeap', () => {
  test('adds the steps between nodes up', () => expect([...heap().moments[0]!.own]).toEqual([0, 0, 0, 60, 20, 15]));
  test('names places by file and line, or by module', () => expect([placeOf(heap(), 0), placeOf(heap(), 1), functionOf(heap(), 2)]).toEqual(['a.cpp:9', 'app', 'load']));
  test.each([undefined, null, {}, { parents: [0], moments: [] }])('is null where nothing is', (json) => expect(readHeap(json)).toBeNull());
});

test('what grew is what a moment has more than another', () => {
  expect([...ownBytes(heap(), 0, 1)]).toEqual([0, 0, 0, 10, 20, 0]);
});

test('a caller has what it calls', () => expect([...totals(heap(), heap().moments[0]!.own)]).toEqual([95, 95, 95, 80, 20, 15]));

describe('layoutOf', () => {
  test('rows go down the calls, the largest child stands first', () => {
    const layout = layoutOf(heap(), ownBytes(heap(), 0, null));
    expect([...layout.rows]).toEqual([0, 1, 2, 3, 5, 6]);
    expect([...layout.nodes]).toEqual([0, 1, 2, 3, 5, 4]);
    expect(layout.begins[4]).toBeCloseTo(80 / 95);
    expect(layout.widths[5]).toBeCloseTo(20 / 95);
    expect(layout.boxes[5]).toBe(5);
  });
  test('of nothing there is no box but the root, of no width', () => {
    const layout = layoutOf(heap(), new Float64Array(6));
    expect([layout.nodes.length, layout.widths[0]]).toEqual([1, 0]);
  });
});

test('inverted, each caller stands below what it calls', () => {
  const upside = inverted(heap(), ownBytes(heap(), 0, null), 5);
  const all = totals(upside.tree, upside.own);
  expect(all[0]).toBe(95);
  const tops = [...upside.tree.parents.keys()].filter((node) => node > 0 && upside.tree.parents[node] === 0);
  expect(tops.map((node) => [functionOf(heap(), upside.tree.frames[node]!), all[node]])).toEqual([['load', 60], ['parse', 20], ['cache', 15]]);
});

test('functions have their own and what they call, once though they call themselves', () => {
  const recursive = { ...heap(), frames: Uint32Array.from([0, 0, 1, 2, 2, 4]) };
  const rows = functionRows(recursive, recursive, ownBytes(recursive, 0, null));
  expect(rows.map((row) => [functionOf(recursive, row.frame), row.own, row.withCallees])).toEqual([['load', 80, 80], ['cache', 15, 15], ['main', 0, 95], ['run', 0, 95]]);
});
