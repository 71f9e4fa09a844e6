// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { shortened, visible, visibleLines } from './text';

test('control characters become escapes', () => {
  expect(visible('a\u001b[31mb\n\tc\u0000\u007f')).toBe('a\\x1b[31mb\\n\\tc\\x00\\x7f');
});

test('characters that reorder or hide text are named', () => {
  expect(visible('a\u202Egpj.exe')).toBe('a‹U+202E›gpj.exe');
  expect(visible('x\u200by\u2028z')).toBe('x‹U+200B›y‹U+2028›z');
});

test('letters of every script stay as they are', () => {
  expect(visible('العربية 日本 é <b>')).toBe('العربية 日本 é <b>');
});

test('a command of several lines keeps its lines', () => {
  expect(visibleLines("sh -c 'a\nb\r'")).toBe("sh -c 'a\nb\\r'");
});

test('shortening never cuts a character in two', () => {
  expect(shortened('😀😀😀', 2)).toBe('😀…');
  expect(shortened('abc', 3)).toBe('abc');
});
