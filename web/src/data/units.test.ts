// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import vectors from '../../testdata/units.json';
import { fixed, formatBytes, formatCores, formatCount, formatDuration, formatOffset, formatRatio } from './units';

describe('units read as the program prints them', () => {
  test('sizes', () => {
    for (const [value, text] of vectors.bytes) expect(formatBytes(value as number), String(value)).toBe(text);
  });
  test('durations', () => {
    for (const [value, text] of vectors.durations) expect(formatDuration(value as number), String(value)).toBe(text);
  });
  test('ratios', () => {
    for (const [value, text] of vectors.ratios) expect(formatRatio(value as number), String(value)).toBe(text);
  });
});

test('ties go to the even digit', () => {
  expect(fixed(0.5, 0)).toBe('0');
  expect(fixed(1.5, 0)).toBe('2');
  expect(fixed(0.125, 2)).toBe('0.12');
  expect(fixed(-2.5, 0)).toBe('-2');
});

test('cores have one decimal, small shares two digits', () => {
  expect([0, 2, 2.04, 1.84, 0.96, 0.25, 0.054, 0.004, 128].map(formatCores)).toEqual(['0', '2', '2', '1.8', '1', '0.25', '0.05', '0', '128']);
});

test('counts have their thousands apart', () => {
  expect(formatCount(1234567)).toBe('1,234,567');
  expect(formatCount(0.123456)).toBe('0.123');
});

test('a moment has as many digits as the length of the run asks for', () => {
  expect(formatOffset(0.0031, 0.005)).toBe('3.1 ms');
  expect(formatOffset(0.25, 0.8)).toBe('250 ms');
  expect(formatOffset(3.14159, 5)).toBe('3.14 s');
  expect(formatOffset(12.34, 30)).toBe('12.3 s');
  expect(formatOffset(187, 200)).toBe('3:07');
  expect(formatOffset(3723, 86400)).toBe('1:02:03');
  expect(formatOffset(187.26, 200, 0.5)).toBe('3:07.3');
  expect(formatOffset(59.96, 200, 0.5)).toBe('1:00.0');
  expect(formatOffset(-2, 30)).toBe('-2.0 s');
});
