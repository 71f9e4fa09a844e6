// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { ReportData, SeriesJson } from './run_json';
import { column, greatest, hasMoreThanZeros, held, movesOf, nearestIndex, rate, rateBetweenReads, rateWindowMs, readsOf, stacked, sum } from './series';

const series = (name: string, values: (number | null)[], labels: Record<string, string> = {}): SeriesJson => ({ name, labels, kind: 'gauge', unit: '', values });
const data = (...all: SeriesJson[]): ReportData => ({ format: 1, run: {} as ReportData['run'], repeat: '', times_ms: [0, 1000, 2000], series: all, heap: null });

describe('rate', () => {
  test('uses the time that really passed', () => {
    expect(rate([0, 10, 40], [0, 1000, 3000], 0)).toEqual([null, 10, 15]);
  });
  test('looks back at least the window', () => {
    expect(rate([0, 0, 10, 10], [0, 10, 20, 30], 20)).toEqual([null, 0, 500, 500]);
  });
  test('does not reach across a reset', () => {
    expect(rate([5, 10, 2, 4], [0, 1000, 2000, 3000], 0)).toEqual([null, 5, null, 2]);
  });
  test('keeps gaps, and after one is the average since the last value', () => {
    expect(rate([0, null, 8, 9], [0, 1000, 2000, 3000], 0)).toEqual([null, null, 4, 1]);
  });
  test('of moments that coincide is not known', () => {
    expect(rate([0, 1], [5, 5], 0)).toEqual([null, null]);
  });
});

test('a counter that is stored more often than it is read has the rate from read to read', () => {
  const clock = [10, null, 12, null, null, 15];
  const times = [0, 1, 2, 3, 4, 5, 6];
  expect(readsOf([null, ...clock], times, 0)).toEqual([1, 3, 6]);
  expect(readsOf([null, ...clock], times, 3)).toEqual([1, 6]);
  expect(movesOf([null, 10, 10, 12, 12, 12, 12], times, 0)).toEqual([1, 3, 6]);
  expect(rateBetweenReads([0, null, 4, null, null, 4], [0, 1, 2, 3, 4, 5], readsOf(clock, times, 0))).toEqual([null, 2, 2, 0, 0, 0]);
  expect(rateBetweenReads([5, null, 3, null, null, 4], clock, readsOf(clock, times, 0))).toEqual([null, null, null, 1 / 3, 1 / 3, 1 / 3]);
});

test('the window of rates is short beside the run', () => {
  expect(rateWindowMs([0, 5])).toBe(30);
  expect(rateWindowMs([0, 4000])).toBe(100);
  expect(rateWindowMs([0, 86_400_000])).toBe(200);
  expect(rateWindowMs([])).toBe(30);
});

test('a sum is absent only where all are', () => {
  expect(sum([[1, null, null], [2, 3, null]])).toEqual([3, 3, null]);
});

test('a column is the sum of all series of the name that have the labels', () => {
  const all = data(series('d', [1, 2, 3], { mode: 'user' }), series('d', [10, 20, 30], { mode: 'system' }));
  expect(column(all, 'd')).toEqual([11, 22, 33]);
  expect(column(all, 'd', { mode: 'user' })).toEqual([1, 2, 3]);
  expect(column(all, 'other')).toBeNull();
});

test('stacked areas stand on one another and share gaps', () => {
  expect(stacked([[1, null, 2], [10, null, null]])).toEqual([[1, null, 2], [11, null, 2]]);
});

test('the greatest of nothing is absent', () => {
  expect(greatest([null, null])).toBeNull();
  expect(greatest([null, -3, -5])).toBe(-3);
});

test('a column of zeros has nothing to draw', () => {
  expect(hasMoreThanZeros([0, null, 0])).toBe(false);
  expect(hasMoreThanZeros([0, 1])).toBe(true);
});

test('the nearest moment is found at both ends and between', () => {
  const times = [0, 10, 20, 30];
  expect([-5, 0, 14, 16, 99].map((time) => nearestIndex(times, time))).toEqual([0, 0, 1, 2, 3]);
});

test('a gauge stands between its reads, not before the first and after the last', () => {
  expect(held([null, 5, null, null, 7, null])).toEqual([null, 5, 5, 5, 7, null]);
  expect(held([])).toEqual([]);
});
