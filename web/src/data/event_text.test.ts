// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { EventReader } from './event_text';

test('events come when their end has come, however the text is cut', () => {
  const text = 'event: tick\ndata: {"a":1}\n\n:\n\nevent: runs\ndata: one\ndata:two\n\ndata: plain\n\nevent: half\nda';
  const whole = [{ name: 'tick', data: '{"a":1}' }, { name: 'runs', data: 'one\ntwo' }, { name: 'message', data: 'plain' }];
  expect(new EventReader().feed(text)).toEqual(whole);
  const reader = new EventReader();
  expect([...text].flatMap((letter) => reader.feed(letter))).toEqual(whole);
  expect(reader.feed('ta: x\n\n')).toEqual([{ name: 'half', data: 'x' }]);
});
