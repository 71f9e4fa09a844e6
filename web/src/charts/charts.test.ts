// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { chartGroup, inLanes, timeAxis } from './group';
import { moveCursor } from './keyboard';
import { byteTick, timeTick, valueTick } from './ticks';

const key = (name: string, shiftKey = false) => ({ key: name, shiftKey, ctrlKey: false, metaKey: false, altKey: false });
const group = () => chartGroup(timeAxis(1000, Array.from({ length: 101 }, (_, index) => 1000 + index * 100), 0), [], []);

describe('keys', () => {
  test('arrows begin at the ends and stop there', () => {
    const charts = group();
    expect(moveCursor(key('ArrowLeft'), charts)).toBe(true);
    expect(charts.cursorIndex.value).toBe(100);
    moveCursor(key('ArrowRight'), charts);
    expect(charts.cursorIndex.value).toBe(100);
    moveCursor(key('ArrowLeft', true), charts);
    expect(charts.cursorIndex.value).toBe(90);
    moveCursor(key('Home'), charts);
    moveCursor(key('PageDown'), charts);
    expect(charts.cursorIndex.value).toBe(10);
  });
  test('zoom keeps the moment in sight, Escape lets go once', () => {
    const charts = group();
    charts.cursorIndex.value = 80;
    moveCursor(key('+'), charts);
    expect(charts.zoom.value).toEqual([4, 9]);
    moveCursor(key('End'), charts);
    expect(charts.cursorIndex.value).toBe(90);
    expect(moveCursor(key('Escape'), charts)).toBe(true);
    expect(charts.zoom.value).toBeNull();
    expect(moveCursor(key('Escape'), charts)).toBe(false);
  });
  test('zooming out ends at the whole run', () => {
    const charts = group();
    moveCursor(key('+'), charts);
    moveCursor(key('-'), charts);
    expect(charts.zoom.value).toBeNull();
  });
  test('other keys and those of the browser are left alone', () => {
    expect(moveCursor(key('Tab'), group())).toBe(false);
    expect(moveCursor({ ...key('ArrowLeft'), altKey: true }, group())).toBe(false);
  });
});

test('bands that overlap lie in lanes of their own', () => {
  const bands = inLanes([
    { label: 'all', fromSeconds: 0, toSeconds: 10 },
    { label: 'first', fromSeconds: 1, toSeconds: 4 },
    { label: 'second', fromSeconds: 4, toSeconds: 9 },
    { label: 'after', fromSeconds: 10, toSeconds: 12 },
  ]);
  expect(bands.map((band) => band.lane)).toEqual([0, 1, 1, 0]);
});

test('ticks are short and never rounded', () => {
  expect([0, 2 ** 30, 1.5 * 2 ** 30, 100 * 1024, 512 * 2 ** 20].map(byteTick)).toEqual(['0', '1 GiB', '1.5 GiB', '100 KiB', '512 MiB']);
  expect(valueTick(0.25, 'cores')).toBe('0.25');
  expect(valueTick(0.075, 'ratio')).toBe('7.5 %');
  expect(valueTick(2 ** 20, 'bytes/s')).toBe('1 MiB/s');
  expect(valueTick(60000, 'count')).toBe('60,000');
});

test('ticks of time name what differs', () => {
  expect([0, 0.002, 1.5].map((value) => timeTick(value, 0.001))).toEqual(['0', '2 ms', '1.5 s']);
  expect(timeTick(45, 15)).toBe('45 s');
  expect(timeTick(200, 10)).toBe('3m 20s');
  expect(timeTick(7200, 3600)).toBe('2h');
  expect(timeTick(129600, 43200)).toBe('1d 12h');
});
