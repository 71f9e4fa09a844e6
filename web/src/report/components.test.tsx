// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, expect, test } from 'vitest';
import { HOSTILE, outOfMemory } from '../../testdata/samples.mjs';
import { timeAxis } from '../charts/group';
import { TableTwin } from '../charts/table_twin';
import type { ProcessRow, Run } from '../data/run_json';
import { formatBytes } from '../data/units';
import { AdviceList } from './advice';
import { LimitsTable } from './circumstances';
import { EventsTable } from './happenings';
import { GrowthTable } from './growth';
import { sorted } from './processes';

const run = outOfMemory().run as unknown as Run;
const root = document.body.appendChild(document.createElement('div'));
const shown = (node: preact.ComponentChild): HTMLElement => {
  act(() => render(node, root));
  return root;
};
afterEach(() => render(null, root));

test('advice links to sections of this page and to nothing else', () => {
  const advice = ['#memory', '#nowhere', 'docs/leaks.md', 'javascript:alert(1)', HOSTILE].map((anchor) => ({ id: 'x', text: HOSTILE, evidence: '1 of 2', anchor }));
  const list = shown(<AdviceList advice={advice} anchors={new Map([['#memory', 'Memory']])} />);
  expect([...list.querySelectorAll('a')].map((link) => link.getAttribute('href'))).toEqual(['#memory']);
  expect(list.querySelector('img, script, b')).toBeNull();
});

test('growth: what, which verdict, how sure; a hostile name stays text', () => {
  const one = { resource: 'memory', process: '', kind: 'growing', unit: 'bytes', level: 1048576, risen: 1, since_seconds: 1, rate_per_second: 1, rate_low_per_second: 1, rate_high_per_second: 1, confidence: 0.9, text: 'by 1 MiB/s' };
  const rows = [one, { ...one, resource: HOSTILE, process: HOSTILE, kind: 'unclear', level: null, confidence: 0, text: HOSTILE }];
  const table = shown(<GrowthTable growth={rows} />);
  expect([...table.querySelector('tbody tr')!.children].map((cell) => cell.textContent)).toEqual(['Memory', 'growing', '1.00 MiB', '90 %', 'by 1 MiB/s']);
  expect(table.querySelector('img, script, b')).toBeNull();
});

test('limits: asked, in force, what holds them, what could not be had', () => {
  const rows = [...shown(<LimitsTable run={run} />).querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows[0]).toEqual(['memory', '512 MiB', '512 MiB', 'cgroup v2', '']);
  expect(rows[2]).toEqual(['pids', '500', 'not held', 'none', 'the pids controller is not delegated to this user']);
});

test('a table twin is built when opened and holds every moment that has a value', () => {
  const axis = timeAxis(0, [0, 1000, 2000], 2);
  const twin = shown(<TableTwin axis={axis} title="Memory" format={formatBytes} series={[{ label: 'used', color: '--blue', values: [1024, null, 2048] }]} />);
  expect(twin.querySelector('table')).toBeNull();
  const details = twin.querySelector('details')!;
  act(() => {
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
  });
  expect([...twin.querySelectorAll('tbody tr')].map((row) => row.textContent)).toEqual(['0.00 s00:00:00.001.00 KiB', '2.00 s00:00:02.002.00 KiB']);
});

test('a long list of events keeps all that asks for attention', () => {
  const info = Array.from({ length: 60 }, (_, index) => ({ time_ms: run.started_ms + index, kind: 'x', severity: 'info', text: `event ${index}` }));
  const last = { time_ms: run.started_ms + 99, kind: 'oom', severity: 'critical', text: 'the end' };
  const list = shown(<EventsTable run={{ ...run, events: [...info, last] }} />);
  expect(list.querySelectorAll('li').length).toBe(30);
  expect(list.querySelector('li:last-child')!.textContent).toMatch(/critical: the end$/);
});

test('processes sort by any column, the unknown last either way', () => {
  const rows = [{ pid: 1, peak_bytes: 5 }, { pid: 2, peak_bytes: null }, { pid: 3, peak_bytes: 9 }] as ProcessRow[];
  const order = (isRising: boolean): number[] => sorted(rows, { key: (row) => row.peak_bytes }, isRising).map((row) => row.pid);
  expect(order(true)).toEqual([1, 3, 2]);
  expect(order(false)).toEqual([3, 1, 2]);
});
