// SPDX-License-Identifier: Apache-2.0
// What a daemon tells under /api/ullage/v1 (docs/reference/ullage-api.yaml). Sizes are bytes, times seconds,
// moments milliseconds since the epoch. null: not known.
import type { Maybe } from './run_json';

export interface Until {
  seconds: number;
  seconds_low: number;
  seconds_high: Maybe<number>;
}

export interface Disk {
  mountpoint: string;
  device: string;
  type: string;
  size_bytes: number;
  available_bytes: number;
  until: Maybe<Until>;
}

export interface Overview {
  host: string;
  version: string;
  start_ms: number;
  interval_seconds: number;
  processes: number;
  groups: number;
  series: number;
  time_ms: number;
  memory: {
    total_bytes: Maybe<number>;
    available_bytes: Maybe<number>;
    used_bytes: Maybe<number>;
    swap_total_bytes: Maybe<number>;
    swap_free_bytes: Maybe<number>;
    growth_bytes_per_minute: Maybe<number>;
    until: Maybe<Until>;
  };
  cpu: { processors: number; used_cores: Maybe<number> };
  disks: Disk[];
  pressure: Record<'cpu_some' | 'memory_some' | 'memory_full' | 'io_some' | 'io_full', Maybe<number>>;
}

export interface LiveProcess {
  pid: number;
  parent_pid: number;
  name: string;
  command: string;
  user: string;
  group: string;
  unit: string;
  state: string;
  threads: number;
  cpu_cores: number;
  cpu_cores_usual: number;
  resident_bytes: Maybe<number>;
  growth_bytes_per_minute: Maybe<number>;
  growing_since_ms: Maybe<number>;
  read_bytes_per_second: Maybe<number>;
  written_bytes_per_second: Maybe<number>;
}

export interface Processes {
  time_ms: number;
  total: number;
  hidden: number;
  processes: LiveProcess[];
}

export interface RunRow {
  id: string;
  name: string;
  command: string[];
  state: 'running' | 'finished' | 'interrupted' | 'damaged';
  started_ms: number;
  wall_seconds: number;
  exit_code: Maybe<number>;
  signal: Maybe<number>;
  timed_out: boolean;
  oom_killed: boolean;
  peak_bytes: Maybe<number>;
  limit_bytes: Maybe<number>;
  problem: Maybe<string>;
}

export interface Noted {
  time_ms: number;
  source: 'run' | 'daemon';
  run_id: Maybe<string>;
  run_name: Maybe<string>;
  kind: string;
  severity: string;
  text: string;
}
