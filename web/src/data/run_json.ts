// SPDX-License-Identifier: Apache-2.0
// The JSON of a run and of a report's data, as docs/formats/run-json.md and report.md have them.
// Sizes are bytes, times seconds, moments milliseconds since the epoch. null: the kernel did not tell.

export type Maybe<T> = T | null;

export interface Limit {
  resource: string;
  asked: number;
  got: Maybe<number>;
  mechanism: string;
  problem: string;
}

export interface Phase {
  name: string;
  begin_ms: number;
  end_ms: Maybe<number>;
  peak_bytes: Maybe<number>;
  cpu_seconds: Maybe<number>;
}

export interface RunEvent {
  time_ms: number;
  kind: string;
  severity: string;
  text: string;
}

export interface ProcessRow {
  pid: number;
  parent_pid: number;
  name: string;
  command: string;
  count: number;
  begin_ms: number;
  end_ms: Maybe<number>;
  peak_bytes: Maybe<number>;
  user_seconds: Maybe<number>;
  system_seconds: Maybe<number>;
  read_bytes: Maybe<number>;
  written_bytes: Maybe<number>;
  threads_peak: number;
  exit_code: Maybe<number>;
  signal: Maybe<number>;
}

export interface Advice {
  id: string;
  text: string;
  evidence: string;
  anchor: string;
}

export interface Oom {
  victim: string;
  holder: string;
  holder_bytes: Maybe<number>;
  foreseeable_ms: Maybe<number>;
  enough_bytes: Maybe<number>;
}

export interface Run {
  version: number;
  id: string;
  name: string;
  tags: Record<string, string>;
  command: string[];
  working_directory: string;
  environment: Record<string, string>;
  profile: string;
  ullage_version: string;
  state: 'running' | 'finished' | 'interrupted';
  interrupted: boolean;
  started: string;
  started_ms: number;
  wall_seconds: number;
  exit_code: Maybe<number>;
  signal: Maybe<number>;
  timed_out: boolean;
  oom_killed: boolean;
  oom_killer: Maybe<string>;
  oom: Maybe<Oom>;
  cpu: {
    user_seconds: Maybe<number>;
    system_seconds: Maybe<number>;
    throttled_seconds: Maybe<number>;
    run_queue_wait_seconds: Maybe<number>;
    cores_available: number;
  };
  memory: {
    peak_bytes: Maybe<number>;
    peak_method: string;
    peak_ms: Maybe<number>;
    cgroup_peak_bytes: Maybe<number>;
    limit_bytes: Maybe<number>;
    limit_source: string;
    average_bytes: Maybe<number>;
    cache_bytes: Maybe<number>;
    swap_peak_bytes: Maybe<number>;
  };
  io: { read_bytes: Maybe<number>; written_bytes: Maybe<number> };
  activity: {
    minor_faults: Maybe<number>;
    major_faults: Maybe<number>;
    voluntary_switches: Maybe<number>;
    involuntary_switches: Maybe<number>;
  };
  pressure: {
    scope: string;
    cpu_some_seconds: Maybe<number>;
    memory_some_seconds: Maybe<number>;
    memory_full_seconds: Maybe<number>;
    io_some_seconds: Maybe<number>;
    io_full_seconds: Maybe<number>;
  };
  processes: { total: number; peak: number; left_running: number; counted_by: string };
  host: { name: string; kernel: string; processors: number; memory_bytes: number; cgroups: string };
  sampling: { interval_seconds: number; ticks: number; own_cpu_seconds: number; dropped_samples: number };
  limits: Limit[];
  phases: Phase[];
  events: RunEvent[];
  process_table: ProcessRow[];
  advice: Advice[];
}

export type Column = Maybe<number>[];

export interface SeriesJson {
  name: string;
  labels: Record<string, string>;
  kind: 'gauge' | 'counter';
  unit: string;
  values: Column;
}

export interface HeapLeak {
  kind: string;
  function: string; // of the frame that is to blame
  place: string;
  confidence: number;
  bytes: number;
  rate_bytes_per_second: number;
  first_seen: number;
  births: number[];
  advice: string;
}

export interface HeapLeaks {
  leaks: HeapLeak[];
  settled: HeapLeak[];
}

export interface ReportData {
  format: number;
  run: Run;
  repeat: string;
  times_ms: number[];
  series: SeriesJson[];
  heap: { flame: unknown; leaks: HeapLeaks } | null;
}
