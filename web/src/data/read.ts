// SPDX-License-Identifier: Apache-2.0
// Reads the data placed in the page, and says in a sentence why it cannot be shown when it cannot.
// Fields that an older or younger writer left out become null or empty: absent, never 0.
import type { HeapLeaks, ReportData, Run } from './run_json';

export const FORMAT = 1;

export type ReadResult = { data: ReportData } | { problem: string };

export function readReport(text: string): ReadResult {
  if (text.trim() === '') return { problem: 'This page holds no run yet. “ullage show RUN -o FILE.html” makes one that does.' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { problem: `The data in this page cannot be read: ${error instanceof Error ? error.message : String(error)}.` };
  }
  if (!isObject(parsed) || !isObject(parsed.run)) return { problem: 'The data in this page is not a run of Ullage.' };
  if (typeof parsed.format === 'number' && parsed.format > FORMAT) {
    return { problem: `The data in this page has format ${parsed.format}; this page knows ${FORMAT}. A newer Ullage can make a page that fits.` };
  }
  const run = completed(parsed.run) as unknown as Run;
  run.events.sort((a, b) => a.time_ms - b.time_ms);
  const timesMs = array(parsed.times_ms) as number[];
  const series = (array(parsed.series) as ReportData['series']).filter((one) => one.values.length === timesMs.length);
  return { data: { format: FORMAT, run, repeat: String(parsed.repeat ?? ''), times_ms: timesMs, series, heap: heapOf(parsed.heap) } };
}

function heapOf(json: unknown): ReportData['heap'] {
  if (!isObject(json) || !isObject(json.leaks)) return null;
  return { flame: json.flame, leaks: { leaks: array(json.leaks.leaks), settled: array(json.leaks.settled) } as HeapLeaks };
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const nulls = (...names: string[]): Json => Object.fromEntries(names.map((name) => [name, null]));

const PARTS: Record<string, Json> = {
  cpu: { ...nulls('user_seconds', 'system_seconds', 'throttled_seconds', 'run_queue_wait_seconds'), cores_available: 0 },
  memory: {
    ...nulls('peak_bytes', 'peak_ms', 'cgroup_peak_bytes', 'limit_bytes', 'average_bytes', 'cache_bytes', 'swap_peak_bytes'),
    peak_method: '',
    limit_source: '',
  },
  io: nulls('read_bytes', 'written_bytes'),
  activity: nulls('minor_faults', 'major_faults', 'voluntary_switches', 'involuntary_switches'),
  pressure: {
    ...nulls('cpu_some_seconds', 'memory_some_seconds', 'memory_full_seconds', 'io_some_seconds', 'io_full_seconds'),
    scope: '',
  },
  processes: { total: 0, peak: 0, left_running: 0, counted_by: '' },
  host: { name: '', kernel: '', processors: 0, memory_bytes: 0, cgroups: '' },
  sampling: { interval_seconds: 0, ticks: 0, own_cpu_seconds: 0, dropped_samples: 0 },
  tags: {},
  environment: {},
};
const LISTS = ['command', 'limits', 'phases', 'events', 'process_table', 'advice'];
const TEXTS = ['id', 'name', 'working_directory', 'profile', 'ullage_version', 'started'];

function completed(run: Json): Json {
  const whole: Json = { ...nulls('exit_code', 'signal', 'oom_killer', 'oom'), ...run };
  for (const [name, part] of Object.entries(PARTS)) whole[name] = { ...part, ...(isObject(run[name]) ? run[name] : {}) };
  for (const name of LISTS) whole[name] = array(run[name]);
  for (const name of TEXTS) whole[name] = String(run[name] ?? '');
  return whole;
}
