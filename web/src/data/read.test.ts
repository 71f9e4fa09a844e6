// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { healthy } from '../../testdata/samples.mjs';
import { readReport } from './read';

test('a report is read back', () => {
  const result = readReport(JSON.stringify(healthy()));
  expect('data' in result && result.data.run.name).toBe('train');
});

test.each([
  ['', /holds no run/],
  ['{', /cannot be read/],
  ['[]', /not a run/],
  ['{"format":1}', /not a run/],
  ['{"format":2,"run":{}}', /has format 2; this page knows 1/],
])('%j is answered with a sentence', (text, sentence) => {
  const result = readReport(text);
  expect('problem' in result && result.problem).toMatch(sentence);
});

test('what a writer left out is absent, not 0', () => {
  const result = readReport('{"format":1,"run":{"wall_seconds":1,"started_ms":5,"state":"finished","memory":{"limit_bytes":7}}}');
  if (!('data' in result)) throw new Error('not read');
  expect(result.data.run.memory).toMatchObject({ limit_bytes: 7, peak_bytes: null });
  expect(result.data.run.cpu.user_seconds).toBeNull();
  expect(result.data.run.events).toEqual([]);
});

test('a series that does not fit the moments is left out', () => {
  const report = healthy();
  report.series[0]!.values.pop();
  const result = readReport(JSON.stringify(report));
  expect('data' in result && result.data.series.length).toBe(report.series.length - 1);
});
