// SPDX-License-Identifier: Apache-2.0
// The last hour as the charts want it: one question to /api/v1/query_range for all of them, and its answer as
// columns on one time axis. Pure.
import type { Column, Maybe } from './run_json';

const SPAN_SECONDS = 3600;
export const STEP_SECONDS = 15;
// A history that has begun lately is looked at closely.
const YOUNG_SPAN_SECONDS = 300;
const YOUNG_STEP_SECONDS = 2;

export interface HistoryRange {
  start: number;
  end: number;
  step: number;
}

export type HistoryName = 'used' | 'total' | 'user' | 'system' | 'cpu_some' | 'memory_some' | 'memory_full' | 'io_some' | 'io_full';

export interface MachineHistory {
  timesMs: number[];
  columns: Partial<Record<HistoryName, Column>>;
}

// What has a job was scraped from other machines.
// Rates look back a minute, or four readings where the daemon looks less often; not so far where there is no minute yet.
export function historyQuery(intervalSeconds: number, isYoung = false): string {
  const window = `[${Math.max(isYoung ? 8 : 60, Math.ceil(intervalSeconds * 4))}s]`;
  const share = (resource: string): string => `rate(node_pressure_${resource}_seconds_total{job=""}${window})`;
  const parts: Record<HistoryName, string> = {
    used: 'node_memory_MemTotal_bytes{job=""} - node_memory_MemAvailable_bytes{job=""}',
    total: 'node_memory_MemTotal_bytes{job=""}',
    user: `sum(rate(node_cpu_seconds_total{job="",mode=~"user|nice"}${window}))`,
    system: `sum(rate(node_cpu_seconds_total{job="",mode=~"system|irq|softirq|steal"}${window}))`,
    cpu_some: share('cpu_waiting'),
    memory_some: share('memory_waiting'),
    memory_full: share('memory_stalled'),
    io_some: share('io_waiting'),
    io_full: share('io_stalled'),
  };
  return Object.entries(parts).map(([name, text]) => `label_replace(${text}, "what", "${name}", "", "")`).join(' or ');
}

// The end is on a multiple of the step, so that a point stands still from one question to the next.
export function historyRange(nowMs: number, isYoung = false, intervalSeconds = 1): HistoryRange {
  const step = isYoung ? Math.max(YOUNG_STEP_SECONDS, Math.ceil(intervalSeconds)) : STEP_SECONDS;
  const end = Math.floor(nowMs / 1000 / step) * step;
  return { start: end - Math.floor((isYoung ? YOUNG_SPAN_SECONDS : SPAN_SECONDS) / step) * step, end, step };
}

// Whether to look closely next time; there is a little between the two, so that it is not both in turn.
export function isYoung(watched: Maybe<number>, wasYoung: boolean): boolean {
  return (watched ?? 0) < YOUNG_SPAN_SECONDS * (wasYoung ? 0.95 : 0.8);
}

interface Matrix {
  data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] };
}

export function readHistory(answer: Matrix, range: HistoryRange): MachineHistory {
  const length = Math.round((range.end - range.start) / range.step) + 1;
  const timesMs = Array.from({ length }, (_, index) => (range.start + index * range.step) * 1000);
  const columns: MachineHistory['columns'] = {};
  for (const { metric, values } of answer.data?.result ?? []) {
    const column: Column = timesMs.map(() => null);
    for (const [seconds, text] of values) {
      const index = Math.round((seconds - range.start) / range.step);
      const value = Number(text);
      if (index >= 0 && index < length && Number.isFinite(value)) column[index] = value;
    }
    columns[metric.what as HistoryName] = column;
  }
  return { timesMs, columns };
}

// Since when there is anything, in seconds before the end.
export function watchedSeconds(history: MachineHistory): Maybe<number> {
  const first = Math.min(...Object.values(history.columns).map((column) => {
    const index = column.findIndex((value) => value !== null);
    return index < 0 ? Infinity : index;
  }));
  return Number.isFinite(first) ? (history.timesMs[history.timesMs.length - 1]! - history.timesMs[first]!) / 1000 : null;
}

const SHOWN_MIN_SECONDS = 60;

// A daemon that began lately has no hour yet: what is empty before it is left out, but for a minute.
export function sinceWatched(history: MachineHistory): MachineHistory {
  const shownSeconds = Math.max(SHOWN_MIN_SECONDS, watchedSeconds(history) ?? SPAN_SECONDS);
  const stepSeconds = (history.timesMs[1]! - history.timesMs[0]!) / 1000;
  const from = Math.max(0, history.timesMs.length - 1 - Math.ceil(shownSeconds / stepSeconds));
  const columns = Object.fromEntries(Object.entries(history.columns).map(([name, column]) => [name, column.slice(from)]));
  return { timesMs: history.timesMs.slice(from), columns };
}
