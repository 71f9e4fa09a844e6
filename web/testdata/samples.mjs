// SPDX-License-Identifier: Apache-2.0
// The sample reports that the tests and pictures are made of: made up, but with the shapes of real runs,
// and the same at each call.
//   node testdata/samples.mjs     writes testdata/*.json anew (the long run is made when it is needed)
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const STARTED_MS = Date.UTC(2026, 10, 24, 6, 30, 12, 345);

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const rounded = (value, digits = 3) => (value === null ? null : Number(value.toFixed(digits)));
const gauge = (name, unit, values, labels = {}) => ({ name, labels, kind: 'gauge', unit, values: values.map((value) => rounded(value, 0)) });
// From what it grows by a second.
function counter(name, unit, rates, timesMs, labels = {}) {
  let total = 0;
  const values = rates.map((rate, index) => {
    total += index === 0 ? 0 : (rate ?? 0) * ((timesMs[index] - timesMs[index - 1]) / 1000);
    return rate === null ? null : rounded(total, unit === 'bytes' ? 0 : 3);
  });
  return { name, labels, kind: 'counter', unit, values };
}
const last = (series) => series.values.findLast((value) => value !== null) ?? 0;
const most = (series) => Math.max(...series.values.map((value) => value ?? 0));
const total = (all, name) => all.filter((series) => series.name === name).reduce((sum, series) => sum + last(series), 0);

function baseRun(seconds, more) {
  return {
    version: 1, id: '20261124-063012-k3f9', name: 'train', tags: {}, command: ['python3', 'examples/train.py'],
    working_directory: '/home/ada/project', environment: { LANG: 'C.UTF-8', OMP_NUM_THREADS: '2' }, profile: 'development', ullage_version: '0.1.0',
    state: 'finished', interrupted: false, started: new Date(STARTED_MS).toISOString(), started_ms: STARTED_MS, wall_seconds: seconds,
    exit_code: 0, signal: null, timed_out: false, oom_killed: false, oom_killer: null, oom: null,
    cpu: { user_seconds: null, system_seconds: null, throttled_seconds: null, run_queue_wait_seconds: null, cores_available: 2 },
    memory: {
      peak_bytes: null, peak_method: 'samples', peak_ms: null, cgroup_peak_bytes: null, limit_bytes: 8 * GiB, limit_source: 'machine',
      average_bytes: null, cache_bytes: null, swap_peak_bytes: 0,
    },
    io: { read_bytes: null, written_bytes: null },
    activity: { minor_faults: 184213, major_faults: 12, voluntary_switches: 5310, involuntary_switches: 912 },
    pressure: { scope: 'machine', cpu_some_seconds: null, memory_some_seconds: null, memory_full_seconds: null, io_some_seconds: null, io_full_seconds: null },
    processes: { total: 1, peak: 1, left_running: 0, counted_by: 'taskstats' },
    host: { name: 'workbench', kernel: '6.1.0-28-amd64', processors: 2, memory_bytes: 8 * GiB, cgroups: 'v2' },
    sampling: { interval_seconds: 0.02, ticks: Math.round(seconds / 0.02), own_cpu_seconds: 0.041, dropped_samples: 0 },
    limits: [], phases: [], events: [], process_table: [], advice: [],
    ...more,
  };
}

// Fills the figures of the run from its series, so that picture and numbers agree.
function settle(run, timesMs, series) {
  const used = series.find((one) => one.name === 'ullage_run_used_bytes');
  const peakIndex = used.values.indexOf(most(used));
  run.memory.peak_bytes ??= most(used);
  run.memory.peak_ms ??= timesMs[peakIndex];
  const told = used.values.filter((value) => value !== null);
  run.memory.average_bytes ??= Math.round(told.reduce((sum, value) => sum + value, 0) / told.length);
  const cpu = (mode) => rounded(last(series.find((one) => one.name === 'ullage_run_cpu_seconds_total' && one.labels.mode === mode)));
  run.cpu.user_seconds ??= cpu('user');
  run.cpu.system_seconds ??= cpu('system');
  run.io.read_bytes ??= total(series, 'ullage_run_read_bytes_total');
  run.io.written_bytes ??= total(series, 'ullage_run_written_bytes_total');
  return { format: 1, run, repeat: '', times_ms: timesMs, series };
}

const moments = (count, seconds) => Array.from({ length: count }, (_, index) => STARTED_MS + Math.round((index * seconds * 1000) / (count - 1)));
const smooth = (from, to, at) => from + (to - from) * Math.min(1, Math.max(0, at)) ** 2 * (3 - 2 * Math.min(1, Math.max(0, at)));

export function healthy() {
  const seconds = 12.48;
  const times = moments(240, seconds);
  const random = seeded(7);
  const at = times.map((time) => (time - STARTED_MS) / 1000);
  const phaseOf = (t) => (t < 3.1 ? 'load' : t < 10.4 ? 'train' : 'evaluate');
  const used = at.map((t) => MiB * (t < 3.1 ? smooth(11, 412, t / 3.1) : t < 10.4 ? 418 + 70 * Math.sin(t * 5) ** 2 + 6 * random() : 240 + 12 * random()));
  const user = at.map((t) => ({ load: 0.72, train: 1.86, evaluate: 0.97 })[phaseOf(t)] + 0.08 * random());
  const system = at.map((t) => ({ load: 0.24, train: 0.05, evaluate: 0.03 })[phaseOf(t)] * (0.7 + 0.6 * random()));
  const series = [
    gauge('ullage_run_used_bytes', 'bytes', used),
    gauge('ullage_run_cache_bytes', 'bytes', at.map((t) => MiB * smooth(2, 198, t / 2.8))),
    gauge('ullage_run_swap_bytes', 'bytes', at.map(() => 0)),
    gauge('ullage_run_processes', '', at.map(() => 1)),
    counter('ullage_run_cpu_seconds_total', 'seconds', user, times, { mode: 'user' }),
    counter('ullage_run_cpu_seconds_total', 'seconds', system, times, { mode: 'system' }),
    counter('ullage_run_run_queue_wait_seconds_total', 'seconds', at.map((t) => (phaseOf(t) === 'train' ? 0.06 * random() : 0.004)), times),
    counter('ullage_run_read_bytes_total', 'bytes', at.map((t) => (t < 2.9 ? 68 * MiB * (0.6 + 0.7 * random()) : 0)), times),
    counter('ullage_run_written_bytes_total', 'bytes', at.map((t) => (t > 12 ? 40 * MiB : 0)), times),
    counter('node_pressure_cpu_waiting_seconds_total', 'seconds', at.map((t) => (phaseOf(t) === 'train' ? 0.05 + 0.04 * random() : 0.005)), times),
    counter('node_pressure_memory_waiting_seconds_total', 'seconds', at.map(() => 0), times),
    counter('node_pressure_memory_stalled_seconds_total', 'seconds', at.map(() => 0), times),
    counter('node_pressure_io_waiting_seconds_total', 'seconds', at.map((t) => (t < 2.9 ? 0.12 + 0.1 * random() : 0.002)), times),
    counter('node_pressure_io_stalled_seconds_total', 'seconds', at.map((t) => (t < 2.9 ? 0.07 + 0.05 * random() : 0)), times),
    gauge('ullage_run_custom_gauge', '', at.map((t) => (t < 3.1 ? null : Math.round(64 - 40 * Math.sin(t) ** 2))), { name: 'queue_depth' }),
    counter('ullage_run_custom_counter', '', at.map((t) => (phaseOf(t) === 'train' ? 51200 + 4000 * random() : 0)), times, { name: 'rows_total' }),
    gauge('ullage_process_resident_bytes', 'bytes', used.map((value) => value + 9 * MiB), { pid: '4211', name: 'python3' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', user, times, { pid: '4211', name: 'python3', mode: 'user' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', system, times, { pid: '4211', name: 'python3', mode: 'system' }),
    gauge('node_memory_MemAvailable_bytes', 'bytes', used.map((value) => 5.9 * GiB - value)),
    counter('node_cpu_seconds_total', 'seconds', user.map((value) => value + 0.1), times, { mode: 'user' }),
    counter('node_cpu_seconds_total', 'seconds', system.map((value) => value + 0.04), times, { mode: 'system' }),
    counter('node_cpu_seconds_total', 'seconds', user.map((value) => Math.max(0, 1.9 - value)), times, { mode: 'idle' }),
  ];
  const phase = (name, begin, end, peak, cpu) => ({ name, begin_ms: STARTED_MS + begin * 1000, end_ms: STARTED_MS + end * 1000, peak_bytes: peak * MiB, cpu_seconds: cpu });
  const run = baseRun(seconds, {
    tags: { host: 'ci', commit: '41fe0c' },
    phases: [phase('load', 0.2, 3.1, 412, 2.7), phase('train', 3.1, 10.4, 494, 13.9), phase('evaluate', 10.4, 12.4, 252, 2.1)],
    events: [{ time_ms: STARTED_MS + 10400, kind: 'emit', severity: 'info', text: 'checkpoint written' }],
    process_table: [{
      pid: 4211, parent_pid: 4210, name: 'python3', command: 'python3 examples/train.py', count: 1, begin_ms: STARTED_MS, end_ms: STARTED_MS + seconds * 1000,
      peak_bytes: 503 * MiB, user_seconds: 18.2, system_seconds: 0.9, read_bytes: 180 * MiB, written_bytes: 19 * MiB, threads_peak: 3, exit_code: 0, signal: null,
    }],
  });
  run.cpu.run_queue_wait_seconds = 0.22;
  run.memory.cache_bytes = 198 * MiB;
  Object.assign(run.pressure, { cpu_some_seconds: 0.53, memory_some_seconds: 0, memory_full_seconds: 0, io_some_seconds: 0.49, io_full_seconds: 0.28 });
  const report = settle(run, times, series);
  return { ...report, repeat: 'ullage run --name train --tag commit=41fe0c --tag host=ci -- python3 examples/train.py' };
}

export function outOfMemory() {
  const seconds = 187;
  const limit = 512 * MiB;
  const times = moments(375, seconds);
  const at = times.map((time) => (time - STARTED_MS) / 1000);
  const random = seeded(11);
  const used = at.map((t) => Math.min(limit - 2 * MiB, MiB * (t < 20 ? smooth(14, 160, t / 20) : 160 + ((t - 20) / 167) * 351 + 5 * random())));
  const worker = (share, from) => used.map((value, index) => (at[index] < from ? null : value * share + 8 * MiB));
  const user = at.map((t) => (t < 20 ? 0.5 : 0.93) + 0.03 * random());
  const throttled = at.map((t) => (t < 20 ? 0 : 0.35 + 0.1 * random()));
  const series = [
    gauge('ullage_run_used_bytes', 'bytes', used),
    gauge('ullage_run_cache_bytes', 'bytes', at.map((t) => MiB * (t < 20 ? 5 * t : Math.max(4, 100 - 0.7 * (t - 20))))),
    counter('ullage_run_cpu_seconds_total', 'seconds', user, times, { mode: 'user' }),
    counter('ullage_run_cpu_seconds_total', 'seconds', at.map(() => 0.02 + 0.02 * random()), times, { mode: 'system' }),
    counter('ullage_run_run_queue_wait_seconds_total', 'seconds', at.map(() => 0.05 * random()), times),
    counter('container_cpu_cfs_throttled_seconds_total', 'seconds', throttled, times, { id: '/ullage' }),
    counter('ullage_run_read_bytes_total', 'bytes', at.map((t) => (t < 20 ? 9 * MiB * random() : t > 160 ? 3 * MiB * random() : 0)), times),
    counter('ullage_run_written_bytes_total', 'bytes', at.map((t) => (t % 30 < 0.6 ? 22 * MiB : 0)), times),
    counter('container_pressure_cpu_waiting_seconds_total', 'seconds', throttled.map((value) => value * 0.9), times, { id: '/ullage' }),
    counter('container_pressure_memory_waiting_seconds_total', 'seconds', at.map((t) => (t > 150 ? 0.3 * random() : 0)), times, { id: '/ullage' }),
    counter('container_pressure_memory_stalled_seconds_total', 'seconds', at.map((t) => (t > 150 ? 0.22 * random() : 0)), times, { id: '/ullage' }),
    counter('container_pressure_io_waiting_seconds_total', 'seconds', at.map((t) => (t > 160 ? 0.2 * random() : 0.01)), times, { id: '/ullage' }),
    counter('container_pressure_io_stalled_seconds_total', 'seconds', at.map((t) => (t > 160 ? 0.1 * random() : 0)), times, { id: '/ullage' }),
    gauge('ullage_process_resident_bytes', 'bytes', worker(0.62, 0), { pid: '811', name: 'python3' }),
    gauge('ullage_process_resident_bytes', 'bytes', worker(0.18, 21), { pid: '829', name: 'python3' }),
    gauge('ullage_process_resident_bytes', 'bytes', worker(0.17, 21), { pid: '830', name: 'python3' }),
    gauge('ullage_process_resident_bytes', 'bytes', at.map(() => 1.9 * MiB), { name: 'others' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', user.map((value) => value * 0.5), times, { pid: '811', name: 'python3', mode: 'user' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', user.map((value, index) => (at[index] < 21 ? null : value * 0.25)), times, { pid: '829', name: 'python3', mode: 'user' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', user.map((value, index) => (at[index] < 21 ? null : value * 0.24)), times, { pid: '830', name: 'python3', mode: 'user' }),
  ];
  const ms = (t) => STARTED_MS + t * 1000;
  const row = (pid, parent, begin, share, signal) => ({
    pid, parent_pid: parent, name: 'python3', command: 'python3 ingest.py --workers 2 --token ***', count: 1, begin_ms: ms(begin), end_ms: ms(seconds), peak_bytes: Math.round(limit * share),
    user_seconds: rounded(170 * share), system_seconds: rounded(6 * share), read_bytes: Math.round(90 * MiB * share), written_bytes: Math.round(132 * MiB * share), threads_peak: 4, exit_code: null, signal,
  });
  const run = baseRun(seconds, {
    name: 'ingest', command: ['python3', 'ingest.py', '--workers', '2', '--token', '***'], exit_code: null, signal: 9,
    oom_killed: true, oom_killer: 'kernel',
    oom: { victim: 'python3 (811)', holder: 'python3 (811)', holder_bytes: 325 * MiB, foreseeable_ms: ms(147), enough_bytes: 820 * MiB },
    limits: [
      { resource: 'memory', asked: limit, got: limit, mechanism: 'cgroup v2', problem: '' },
      { resource: 'cpus', asked: 1, got: 1, mechanism: 'cgroup v2', problem: '' },
      { resource: 'pids', asked: 500, got: null, mechanism: 'none', problem: 'the pids controller is not delegated to this user' },
      { resource: 'timeout', asked: 7200, got: 7200, mechanism: 'supervisor', problem: '' },
    ],
    phases: [
      { name: 'load', begin_ms: ms(0.4), end_ms: ms(20), peak_bytes: 161 * MiB, cpu_seconds: 10.4 },
      { name: 'ingest', begin_ms: ms(20), end_ms: null, peak_bytes: limit - 2 * MiB, cpu_seconds: 164.2 },
      { name: 'batch 1', begin_ms: ms(22), end_ms: ms(80), peak_bytes: 290 * MiB, cpu_seconds: 56.1 },
      { name: 'batch 2', begin_ms: ms(80), end_ms: ms(150), peak_bytes: 436 * MiB, cpu_seconds: 68 },
    ],
    events: [
      { time_ms: ms(0), kind: 'limit', severity: 'warning', text: 'no limit on processes could be set: the pids controller is not delegated to this user' },
      { time_ms: ms(139), kind: 'memory_warning', severity: 'warning', text: 'memory at 80 % of its limit of 512 MiB' },
      { time_ms: ms(147), kind: 'memory_forecast', severity: 'warning', text: 'memory will reach its limit of 512 MiB in 38 s to 44 s' },
      { time_ms: ms(163), kind: 'memory_warning', severity: 'warning', text: 'memory at 90 % of its limit of 512 MiB' },
      { time_ms: ms(175), kind: 'memory_warning', severity: 'warning', text: 'memory at 95 % of its limit of 512 MiB' },
      { time_ms: ms(186.9), kind: 'oom', severity: 'critical', text: 'the kernel killed python3 (811) for exceeding the memory limit of 512 MiB' },
    ],
    process_table: [
      row(811, 810, 0, 0.63, 9), row(829, 811, 21, 0.19, 9), row(830, 811, 21, 0.18, 9),
      { ...row(0, 0, 0, 0.004, null), pid: 0, name: 'sh', command: '', count: 14, end_ms: ms(20), threads_peak: 1 },
    ],
    advice: [
      { id: 'limit_too_small', text: 'The memory limit is too small for this run: ask for 820 MiB.', evidence: '512 MiB were full after 3m 07s, and use still grew by 2.10 MiB a second.', anchor: '#memory' },
      { id: 'throttled', text: 'The CPU limit holds this run back: with 2 cores it would be done sooner.', evidence: 'It was throttled for 1m 06s of 3m 07s (36 %).', anchor: '#cpu' },
      { id: 'growth', text: 'Memory grows without a plateau.', evidence: '351 MiB in 167 s, in a straight line.', anchor: 'docs/guides/memory.md' },
    ],
  });
  run.memory.limit_bytes = limit;
  run.memory.limit_source = '--memory';
  run.memory.peak_bytes = limit;
  run.memory.peak_method = 'cgroup';
  run.memory.cgroup_peak_bytes = limit;
  run.memory.cache_bytes = 100 * MiB;
  run.cpu.cores_available = 1;
  run.cpu.throttled_seconds = 66.4;
  run.cpu.run_queue_wait_seconds = 4.7;
  run.processes = { total: 17, peak: 4, left_running: 0, counted_by: 'cgroup' };
  run.pressure = { scope: 'cgroup', cpu_some_seconds: 60.1, memory_some_seconds: 5.6, memory_full_seconds: 4.1, io_some_seconds: 4.3, io_full_seconds: 1.4 };
  run.sampling = { interval_seconds: 0.16, ticks: 1169, own_cpu_seconds: 0.31, dropped_samples: 0 };
  const report = settle(run, times, series);
  return { ...report, repeat: "ullage run --memory 512M --cpus 1 --pids 500 --timeout 2h --name ingest -- python3 ingest.py --workers 2 --token '***'" };
}

// 24 h, 1,000 moments, 50 processes of which a dozen have series of their own.
export function dayLong() {
  const seconds = 86400;
  const times = moments(1000, seconds);
  const at = times.map((time) => (time - STARTED_MS) / 1000);
  const random = seeded(23);
  const names = ['postgres', 'worker', 'worker', 'worker', 'nginx', 'redis-server', 'python3', 'node', 'java', 'worker', 'worker', 'cron'];
  const daily = at.map((t) => 0.5 - 0.45 * Math.cos((2 * Math.PI * t) / 86400));
  const processes = names.map((name, order) => {
    const base = (900 / (order + 1.5)) * MiB;
    const begin = order % 4 === 3 ? 6000 * order : 0;
    const load = daily.map((day) => (1.4 / (order + 2)) * day * (0.6 + 0.8 * random()));
    return {
      name, pid: String(1200 + 37 * order), begin,
      resident: at.map((t, index) => (t < begin ? null : base * (0.8 + 0.4 * daily[index] + 0.03 * random()))),
      load: load.map((value, index) => (at[index] < begin ? null : value)),
    };
  });
  const add = (pick) => at.map((_, index) => processes.reduce((sum, process) => sum + (pick(process)[index] ?? 0), 0));
  const others = at.map(() => 240 * MiB * (0.9 + 0.1 * random()));
  const user = add((process) => process.load).map((value) => Math.min(3.6, value));
  const used = add((process) => process.resident).map((value, index) => value * 0.82 + others[index]);
  const series = [
    gauge('ullage_run_used_bytes', 'bytes', used),
    gauge('ullage_run_cache_bytes', 'bytes', daily.map((day) => 2.1 * GiB * (0.5 + day / 2) + 40 * MiB * random())),
    gauge('ullage_run_swap_bytes', 'bytes', daily.map((day) => (day > 0.85 ? 120 * MiB * (day - 0.85) * 6 : 0))),
    counter('ullage_run_cpu_seconds_total', 'seconds', user, times, { mode: 'user' }),
    counter('ullage_run_cpu_seconds_total', 'seconds', user.map((value) => value * 0.14), times, { mode: 'system' }),
    counter('ullage_run_run_queue_wait_seconds_total', 'seconds', daily.map((day) => 0.3 * day * random()), times),
    counter('ullage_run_read_bytes_total', 'bytes', daily.map((day) => 4 * MiB * day * random()), times),
    counter('ullage_run_written_bytes_total', 'bytes', daily.map((day) => 9 * MiB * day * random()), times),
    ...['cpu_waiting', 'memory_waiting', 'memory_stalled', 'io_waiting', 'io_stalled'].map((kind, order) =>
      counter(`container_pressure_${kind}_seconds_total`, 'seconds', daily.map((day) => (0.2 / (order + 1)) * day * random()), times, { id: '/ullage' })),
    ...processes.flatMap(({ name, pid, resident, load }) => [
      gauge('ullage_process_resident_bytes', 'bytes', resident, { pid, name }),
      counter('ullage_process_cpu_seconds_total', 'seconds', load, times, { pid, name, mode: 'user' }),
      counter('ullage_process_cpu_seconds_total', 'seconds', load.map((value) => (value === null ? null : value * 0.1)), times, { pid, name, mode: 'system' }),
    ]),
    gauge('ullage_process_resident_bytes', 'bytes', others, { name: 'others' }),
    counter('ullage_process_cpu_seconds_total', 'seconds', at.map(() => 0.05), times, { name: 'others', mode: 'user' }),
    gauge('node_memory_MemAvailable_bytes', 'bytes', used.map((value) => 14 * GiB - value)),
    ...['user', 'system', 'idle', 'iowait'].map((mode, order) => counter('node_cpu_seconds_total', 'seconds', user.map((value) => value / (order + 1)), times, { mode })),
    // What a busy machine adds: enough to make the 150 series of a large report.
    ...Array.from({ length: 90 }, (_, order) => counter('node_disk_read_bytes_total', 'bytes', daily.map((day) => MiB * day * random()), times, { device: `sd${order}` })),
  ];
  const run = baseRun(seconds, {
    id: '20261123-063012-day1', name: 'nightly services', command: ['./serve.sh', '--all'], environment: {},
    processes: { total: 50, peak: 50, left_running: 0, counted_by: 'cgroup' },
    host: { name: 'rack-12', kernel: '6.8.0-49-generic', processors: 4, memory_bytes: 16 * GiB, cgroups: 'v2' },
    process_table: Array.from({ length: 50 }, (_, order) => ({
      pid: 1200 + 37 * order, parent_pid: 1199, name: names[order % names.length], command: `${names[order % names.length]} --slot ${order}`, count: 1, begin_ms: STARTED_MS, end_ms: null,
      peak_bytes: Math.round((1100 / (order + 1.5)) * MiB), user_seconds: rounded(40000 / (order + 2)), system_seconds: rounded(4000 / (order + 2)),
      read_bytes: Math.round(GiB / (order + 1)), written_bytes: Math.round((3 * GiB) / (order + 1)), threads_peak: 1 + (order % 9), exit_code: null, signal: null,
    })),
    events: Array.from({ length: 130 }, (_, order) => ({
      time_ms: STARTED_MS + order * 640_000, kind: 'process', severity: order % 40 === 39 ? 'warning' : 'info', text: order % 40 === 39 ? 'memory at 80 % of what the machine has' : `worker ${order} was started again`,
    })),
    advice: [{ id: 'swapping', text: 'Part of this run lay in swap.', evidence: 'Up to 108 MiB between 9h 10m and 14h 50m.', anchor: '#memory' }],
  });
  Object.assign(run.memory, { limit_bytes: 16 * GiB, cache_bytes: Math.round(2.1 * GiB), swap_peak_bytes: 108 * MiB });
  run.cpu.cores_available = 4;
  run.pressure = { scope: 'cgroup', cpu_some_seconds: 4322, memory_some_seconds: 2160, memory_full_seconds: 1440, io_some_seconds: 1080, io_full_seconds: 864 };
  run.sampling = { interval_seconds: 43.2, ticks: 2000, own_cpu_seconds: 61, dropped_samples: 0 };
  return { ...settle(run, times, series), repeat: 'ullage run --name "nightly services" -- ./serve.sh --all' };
}

export const HOSTILE = '</script><img src=x onerror="globalThis.pwned=1"><b>bold</b>\u001b[31mred\u001b[0m\nnew line\u202Egpj.exe\u2066 & "quoted" \u0000';

export function hostile() {
  const report = healthy();
  const { run } = report;
  Object.assign(run, {
    name: HOSTILE, command: ['sh', '-c', HOSTILE], tags: { [HOSTILE]: HOSTILE, __proto__x: '{{7*7}}' }, working_directory: `/tmp/${HOSTILE}`,
    environment: { [HOSTILE]: HOSTILE }, profile: HOSTILE, exit_code: 3,
  });
  run.host.name = HOSTILE;
  run.memory.limit_source = HOSTILE;
  run.memory.peak_method = HOSTILE;
  run.processes.counted_by = HOSTILE;
  run.phases = run.phases.map((phase) => ({ ...phase, name: `${phase.name} ${HOSTILE}` }));
  run.events.push({ time_ms: STARTED_MS + 6000, kind: HOSTILE, severity: HOSTILE, text: HOSTILE });
  run.limits = [{ resource: HOSTILE, asked: 4, got: null, mechanism: HOSTILE, problem: HOSTILE }];
  run.process_table = run.process_table.map((row) => ({ ...row, name: HOSTILE, command: HOSTILE.repeat(12) }));
  run.advice = [
    { id: HOSTILE, text: HOSTILE, evidence: HOSTILE, anchor: 'javascript:globalThis.pwned=1' },
    { id: 'b', text: 'العربية then (1234)', evidence: HOSTILE, anchor: `#${HOSTILE}` },
  ];
  report.series = report.series.map((series) => ({ ...series, labels: series.labels.name ? { ...series.labels, name: HOSTILE } : series.labels }));
  return { ...report, repeat: `ullage run -- sh -c '${HOSTILE}'` };
}

// A run of which hardly anything was told: two samples, no series but one, no kernel figures.
export function untold() {
  const run = baseRun(0.005, {
    name: '', command: ['true'], working_directory: '', environment: {}, exit_code: null, state: 'interrupted', interrupted: true,
    activity: { minor_faults: null, major_faults: null, voluntary_switches: null, involuntary_switches: null },
    host: { name: '', kernel: '', processors: 0, memory_bytes: 0, cgroups: '' },
    sampling: { interval_seconds: 0, ticks: 0, own_cpu_seconds: 0, dropped_samples: 0 },
  });
  Object.assign(run.memory, { limit_bytes: null, limit_source: '', peak_method: '', swap_peak_bytes: null });
  run.pressure.scope = '';
  run.processes = { total: 1, peak: 1, left_running: 0, counted_by: '' };
  return { format: 1, run, repeat: 'ullage run -- true', times_ms: [STARTED_MS, STARTED_MS + 5], series: [gauge('ullage_run_used_bytes', 'bytes', [null, null])] };
}

// A run with a heap of so many calls, a leak among them. The tree is as bushy as real ones are: some calls call hundreds, most one.
export function withHeap(nodesMax, name = (frame) => `service::Handler${frame}::handle(std::string const&)`) {
  const random = seeded(7);
  const frames = Math.min(4000, Math.max(8, nodesMax >> 2));
  const parents = [0];
  const depths = [0];
  const calls = [0];
  while (parents.length < nodesMax) {
    // Mostly beneath what came last, so that stacks are deep.
    const back = Math.floor(random() ** 3 * parents.length);
    let parent = parents.length - 1 - back;
    while (depths[parent] > 45) parent = parents[parent];
    parents.push(parent);
    depths.push(depths[parent] + 1);
    calls.push(Math.floor(random() ** 2 * frames));
  }
  const moment = (title, measure, factor) => {
    const bytes = parents.map((_, node) => (node === 0 || random() < 0.3 ? 0 : Math.round(factor(node) * 200_000 * random() ** 4)));
    const nodes = [];
    let before = 0;
    bytes.forEach((own, node) => {
      if (own === 0) return;
      nodes.push(node - before);
      before = node;
    });
    const whole = bytes.reduce((sum, own) => sum + own, 0);
    return { name: title, measure, interval: [Math.round(whole * 0.95), Math.round(whole * 1.05)], nodes, bytes: bytes.filter((own) => own !== 0) };
  };
  const index = Array.from({ length: frames }, (_, frame) => frame);
  const flame = {
    version: 1, is_exact: false, texts: [...index.map(name), 'handler.cpp', 'service', 'libjson.so'], functions: index, files: index.map(() => frames), modules: index.map((frame) => frames + 1 + (frame % 2)),
    lines: index.map((frame) => 10 + frame), parents, frames: calls,
    moments: [moment('at exit', 'amount', () => 1), moment('at the peak', 'amount', () => 2), moment('after load', 'amount', (node) => (node % 5 === 0 ? 1 : 0.4)), moment('allocated in all', 'amount', () => 9)],
  };
  const leak = { kind: 'growing', function: name(3), place: 'handler.cpp:13', confidence: 0.97, bytes: 12_400_000, rate_bytes_per_second: 51_200, first_seen: 0.4, births: Array.from({ length: 24 }, (_, hour) => 20 + (hour % 5)), advice: `Find who holds on to what ${name(3)} allocates.` };
  return { ...healthy(), heap: { flame, leaks: { leaks: [leak, { ...leak, kind: 'lost', rate_bytes_per_second: 0 }, { ...leak, kind: 'kept' }], settled: [leak] } } };
}

const COMMITTED = { healthy, 'out-of-memory': outOfMemory, hostile, untold };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of Object.entries(COMMITTED)) writeFileSync(join(dirname(process.argv[1]), `${name}.json`), `${JSON.stringify(make())}\n`);
}
