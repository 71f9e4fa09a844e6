// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { dayLong, healthy, outOfMemory, untold } from '../../testdata/samples.mjs';
import type { ReportData } from '../data/run_json';
import { cpuCharts, ioCharts, machineCharts, memoryChart, ownCharts, pressureChart, processCharts } from './picture';
import { tilesOf } from './tiles';

const as = (report: unknown): ReportData => report as ReportData;
const labels = (chart: { series: { label: string }[] } | null | undefined): string[] => chart?.series.map((one) => one.label) ?? [];

test('memory shows used, page cache where there is some, swap only when used, and the limit', () => {
  const chart = memoryChart(as(outOfMemory()));
  expect(labels(chart)).toEqual(['used', 'page cache']);
  expect(chart?.limits).toEqual([{ value: 512 * 2 ** 20, label: 'limit 512 MiB', color: '--critical' }]);
  expect(labels(memoryChart(as(dayLong())))).toContain('swap');
});

test('nothing told, nothing drawn', () => {
  const nothing = as(untold());
  expect([memoryChart(nothing), pressureChart(nothing)]).toEqual([null, null]);
  expect([cpuCharts, ioCharts, ownCharts, processCharts, machineCharts].map((charts) => charts(nothing).length)).toEqual([0, 0, 0, 0, 0]);
});

test('CPU is user and system on one another, and what was held back apart', () => {
  const [busy, held] = cpuCharts(as(outOfMemory()));
  expect(labels(busy)).toEqual(['user', 'system']);
  expect(busy?.isStacked).toBe(true);
  expect(labels(held)).toEqual(['waiting for a processor', 'throttled by its limit']);
});

test('pressure is the cgroup’s where there is one, else the machine’s, and says so', () => {
  expect(pressureChart(as(outOfMemory()))?.title).not.toMatch(/machine/);
  expect(pressureChart(as(healthy()))?.title).toMatch(/whole machine/);
});

describe('processes', () => {
  test('the largest have colours of their own, the rest are summed, and nothing is lost', () => {
    const report = as(dayLong());
    const [resident, busy] = processCharts(report);
    expect(resident?.series.length).toBe(9);
    expect(labels(resident).at(-1)).toBe('others');
    const at = 900;
    const drawn = resident!.series.reduce((sum, one) => sum + (one.values[at] ?? 0), 0);
    const told = report.series.filter((one) => one.name === 'ullage_process_resident_bytes').reduce((sum, one) => sum + (one.values[at] ?? 0), 0);
    expect(drawn).toBe(told);
    expect(labels(busy)).toEqual(labels(resident));
  });
  test('user and system time are one area', () => {
    expect(labels(processCharts(as(healthy()))[1])).toEqual(['python3 4211']);
  });
});

test('the machine cannot have more cores busy than it has', () => {
  const report = as(healthy());
  const cpu = report.series.filter((one) => one.name === 'node_cpu_seconds_total');
  // Read once in five ticks.
  for (const one of cpu) one.values = one.values.map((value, index) => (index % 5 === 0 ? value : null));
  const busy = machineCharts(report).find((chart) => chart.title.includes('cores'))!.series[0]!.values;
  expect(Math.max(...busy.map((value) => value ?? 0))).toBeLessThanOrEqual(2);
  expect(Math.min(...busy.slice(5, -5).map((value) => value ?? 0))).toBeGreaterThan(0.5);
});

// xz with three threads "waited" with 71 of them: ten seconds' waiting was read at once.
test('waiting for a processor is spread over the time since it was last read', () => {
  const report = as(healthy());
  const wait = report.series.find((one) => one.name === 'ullage_run_run_queue_wait_seconds_total')!;
  const seconds = report.times_ms.map((timeMs) => (timeMs - report.times_ms[0]!) / 1000);
  wait.values = seconds.map((_, index) => seconds[index - (index % 20)]!);
  const waiting = cpuCharts(report).find((chart) => chart.title.startsWith('Work held back'))!.series[0]!.values;
  expect(Math.max(...waiting.map((value) => value ?? 0))).toBeCloseTo(1);
});

test('a peak of an exit record is marked where most was seen, for it does not say when it was', () => {
  const report = as(healthy());
  report.run.memory.peak_ms = report.times_ms.at(-1)!;
  expect(memoryChart(report)?.highlight?.atSeconds).toBeCloseTo((report.times_ms.at(-1)! - report.run.started_ms) / 1000);
  report.run.memory.peak_method = 'taskstats';
  const used = report.series.find((one) => one.name === 'ullage_run_used_bytes')!.values as number[];
  const seen = report.times_ms[used.indexOf(Math.max(...used))]!;
  expect(memoryChart(report)?.highlight?.atSeconds).toBeCloseTo((seen - report.run.started_ms) / 1000);
});

test('own values: a chart a name, counters as rates', () => {
  expect(ownCharts(as(healthy())).map((chart) => chart.title)).toEqual(['queue_depth', 'rows_total, a second']);
});

test('tiles say what is not told, and never 0 for it', () => {
  const tiles = tilesOf(as(untold()).run);
  expect(tiles.map((tile) => [tile.label, tile.value])).toEqual([
    ['Time', '5 ms'], ['Peak memory', null], ['CPU cores busy', null], ['I/O', null], ['Processes', '1'],
  ]);
});

test('tiles measure the peak and the cores against what was there', () => {
  const [, memory, cpu] = tilesOf(as(outOfMemory()).run);
  expect(memory).toMatchObject({ value: '512 MiB', share: 1 });
  expect(memory?.details).toContain('limit of --memory');
  expect(cpu?.details).toContain('throttled for 1m 06s');
});
