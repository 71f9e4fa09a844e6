// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { clockSplits } from '../charts/ticks';
import { historyQuery, historyRange, isYoung, readHistory, sinceWatched, watchedSeconds } from './history';

const range = historyRange(1_795_711_646_123);
const matrix = (what: string, values: [number, string][]) => ({ metric: { what }, values });
const answer = (...result: ReturnType<typeof matrix>[]) => ({ status: 'success', data: { result } });

test('an hour ends on a multiple of the step', () => {
  expect(range.end % 15).toBe(0);
  expect(range.end - range.start).toBe(3600);
});

test('rates look back over four readings at least', () => {
  expect(historyQuery(1)).toContain('[60s]');
  expect(historyQuery(60)).toContain('[240s]');
  expect(historyQuery(1, true)).toContain('[8s]');
  expect(historyQuery(1).match(/label_replace/g)).toHaveLength(9);
});

describe('an answer', () => {
  test('is columns on one axis, with gaps where there was nothing', () => {
    const told = readHistory(answer(matrix('used', [[range.start, '5'], [range.end, '7']])), range);
    expect(told.timesMs).toHaveLength(241);
    expect([told.columns.used![0], told.columns.used![1], told.columns.used![240]]).toEqual([5, null, 7]);
  });
  test('what is no number is a gap', () => {
    expect(readHistory(answer(matrix('used', [[range.end, 'NaN'], [range.end - 15, '+Inf']])), range).columns.used!.every((value) => value === null)).toBe(true);
  });
  test('without anything has no columns', () => {
    expect(readHistory({}, range).columns).toEqual({});
    expect(watchedSeconds(readHistory({}, range))).toBeNull();
  });
});

test('a history that has begun lately is looked at closely, at no less than the pace of the daemon', () => {
  expect(historyRange(1_795_711_646_123, true)).toEqual({ start: 1_795_711_346, end: 1_795_711_646, step: 2 });
  expect(historyRange(1_795_711_646_123, true, 10).step).toBe(10);
  expect([isYoung(null, false), isYoung(250, true), isYoung(250, false), isYoung(299, true)]).toEqual([true, true, false, false]);
});

test('what is empty before the daemon began is left out, but for a minute', () => {
  const told = readHistory(answer(matrix('used', [[range.end - 60, '1'], [range.end, '2']])), range);
  expect(watchedSeconds(told)).toBe(60);
  const shown = sinceWatched(told);
  expect(shown.timesMs).toHaveLength(5);
  expect(shown.columns.used).toHaveLength(5);
  expect(shown.columns.used![4]).toBe(2);
  const whole = readHistory(answer(matrix('used', [[range.start, '1']])), range);
  expect(sinceWatched(whole).timesMs).toHaveLength(241);
});

test('ticks of the clock stand at full minutes, wherever the axis begins', () => {
  const startMs = new Date(2026, 10, 26, 14, 3, 20).getTime();
  const splits = clockSplits(startMs, 0, 900, 300);
  expect(splits.map((at) => new Date(startMs + at * 1000)).map((date) => [date.getMinutes(), date.getSeconds()])).toEqual([[5, 0], [10, 0], [15, 0]]);
});
