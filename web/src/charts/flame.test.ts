// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { layoutOf } from '../data/heap';
import { boxAt, neighbour, ROW_PX, rowOf, visitRow, type FlameLook } from './flame';

// Root > a 60 (> c 40), b 30, and 1000 of a hundredth each.
const parents = Uint32Array.from([0, 0, 0, 1, ...Array<number>(1000).fill(0)]);
const own = Float64Array.from([0, 20, 30, 40, ...Array<number>(1000).fill(0.01)]);
const layout = layoutOf({ parents, frames: new Uint32Array(parents.length) }, own);
const look: FlameLook = { layout, from: 0, until: 1, selected: null, kindOf: () => 0, labelOf: String, isMatch: null };

const visited = (part: Partial<FlameLook>, row: number): { boxes: number[]; rests: number } => {
  const boxes: number[] = [];
  let rests = 0;
  visitRow({ ...look, ...part }, row, 1000, (box) => boxes.push(layout.nodes[box]!), () => { rests += 1; });
  return { boxes, rests };
};

describe('visitRow', () => {
  test('draws what is wide enough and leaps over what is not', () => {
    const { boxes, rests } = visited({}, 1);
    expect(boxes).toEqual([1, 2]);
    expect(rests).toBeLessThan(250); // of 1000
  });
  test('zoomed in, it draws those in sight alone', () => {
    const { boxes } = visited({ from: 0.95, until: 0.951 }, 1);
    expect(boxes.length).toBeGreaterThan(5);
    expect(boxes.length).toBeLessThan(20);
  });
});

test('the box at a place is the one that was drawn there', () => {
  const view = { widthPx: 1000, topPx: 0, heightPx: 100 };
  expect(layout.nodes[boxAt(look, view, 100, ROW_PX * 2 + 3)!]).toBe(3);
  expect(layout.nodes[boxAt(look, view, 700, ROW_PX + 3)!]).toBe(2);
  expect(boxAt(look, view, 700, ROW_PX * 2 + 3)).toBeNull();
  expect(boxAt(look, view, 700, ROW_PX * 9)).toBeNull();
});

test('arrows go to callers, callees and neighbours', () => {
  const [a, b, c] = [1, 2, 3].map((node) => layout.boxes[node]! - 1) as [number, number, number];
  expect(neighbour(layout, parents, a, 'ArrowDown')).toBe(c);
  expect(neighbour(layout, parents, c, 'ArrowUp')).toBe(a);
  expect(neighbour(layout, parents, a, 'ArrowRight')).toBe(b);
  expect(neighbour(layout, parents, a, 'ArrowLeft')).toBeNull();
  expect(neighbour(layout, parents, b, 'ArrowDown')).toBeNull();
  expect(neighbour(layout, parents, 0, 'ArrowUp')).toBeNull();
  expect([rowOf(layout, 0), rowOf(layout, a), rowOf(layout, c)]).toEqual([0, 1, 2]);
});
