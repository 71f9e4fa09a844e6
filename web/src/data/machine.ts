// SPDX-License-Identifier: Apache-2.0
// What is left of the machine and until when, as a sentence each; and how a run stands, in a word. Pure.
import type { Disk, Overview, RunRow, Until } from './machine_json';
import type { Maybe } from './run_json';
import { signalName } from './signals';
import { visible } from './text';
import { formatBytes, formatCores, formatDuration, formatRatio } from './units';
import type { Outcome } from './verdict';

export interface Room {
  id: string;
  title: string;
  left: Maybe<string>; // the figure that is read first
  of: string;
  share: Maybe<number>; // used, 0…1
  sentence: string;
  outcome: Outcome; // bad: soon at its end
}

const SOON_SECONDS = 3600;
const NEARLY_FULL = 0.95;
const WAITS_MUCH = 0.2;

// "in about 12 minutes"; a forecast is not exact to the second, so it is told in one unit.
export function aboutHowLong(seconds: number): string {
  const told = (count: number, unit: string): string => `${Math.round(count)} ${unit}${Math.round(count) === 1 ? '' : 's'}`;
  if (seconds < 90) return told(Math.max(1, seconds), 'second');
  if (seconds < 90 * 60) return told(seconds / 60, 'minute');
  if (seconds < 36 * 3600) return told(seconds / 3600, 'hour');
  return told(seconds / 86400, 'day');
}

function untilWords(until: Maybe<Until>, what: string): string {
  if (until === null) return `no trend points to ${what} end`;
  if (until.seconds <= 0) return 'all of it is used';
  const earliest = until.seconds_low < until.seconds * 0.7 ? `, ${aboutHowLong(until.seconds_low)} at the soonest` : '';
  return `at this pace it is full in about ${aboutHowLong(until.seconds)}${earliest}`;
}

const outcomeOf = (share: number, until: Maybe<Until>): Outcome =>
  (until !== null && until.seconds < SOON_SECONDS) || share >= NEARLY_FULL ? 'bad' : until === null ? 'good' : 'unsettled';

export function memoryRoom({ memory, pressure }: Overview): Room {
  const { total_bytes: total, available_bytes: available } = memory;
  if (total === null || available === null || total <= 0) {
    return { id: 'memory-room', title: 'Memory', left: null, of: '', share: null, sentence: 'How much memory there is, this kernel does not tell.', outcome: 'unsettled' };
  }
  const share = 1 - available / total;
  const growth = memory.growth_bytes_per_minute;
  const grows = memory.until !== null && growth !== null ? `It grows by ${formatBytes(growth)} a minute; ` : '';
  const words = untilWords(memory.until, 'its');
  const waits = pressure.memory_some !== null && pressure.memory_some >= 0.01 ? ` Work waited for memory ${formatRatio(pressure.memory_some)} of the last 10 s.` : '';
  return {
    id: 'memory-room', title: 'Memory', left: formatBytes(available), of: `of ${formatBytes(total)}`, share,
    sentence: `${grows === '' ? capital(words) : grows + words}.${waits}`,
    outcome: outcomeOf(share, memory.until),
  };
}

export function cpuRoom({ cpu, pressure }: Overview): Room {
  const { processors, used_cores: used } = cpu;
  if (processors === 0 || used === null) {
    return { id: 'cpu-room', title: 'CPU', left: null, of: processors === 0 ? '' : `of ${processors} cores`, share: null, sentence: 'How busy the processors are is known after a few seconds.', outcome: 'unsettled' };
  }
  const waiting = pressure.cpu_some;
  const waits = waiting === null ? 'whether work waits for a processor, this kernel does not tell'
    : waiting < 0.01 ? 'no work waits for a processor'
      : `work waited for a processor ${formatRatio(waiting)} of the last 10 s`;
  const free = Math.max(0, processors - used);
  return {
    id: 'cpu-room', title: 'CPU', left: formatCores(free), of: `of ${processors} ${processors === 1 ? 'core' : 'cores'}`,
    share: Math.min(1, used / processors),
    sentence: `${formatCores(used)} busy; ${waits}.`,
    outcome: waiting !== null && waiting >= WAITS_MUCH ? 'unsettled' : 'good',
  };
}

// The one that is first at its end; else the one with the smallest share left.
export function firstDisk(disks: Disk[]): Maybe<Disk> {
  const bySoonest = [...disks].sort((a, b) => (a.until?.seconds ?? Infinity) - (b.until?.seconds ?? Infinity)
    || a.available_bytes / a.size_bytes - b.available_bytes / b.size_bytes);
  return bySoonest[0] ?? null;
}

export function diskRoom({ disks }: Overview): Room {
  const disk = firstDisk(disks);
  if (disk === null) {
    return { id: 'disk-room', title: 'Disk', left: null, of: '', share: null, sentence: 'No disk is seen from here.', outcome: 'unsettled' };
  }
  const share = 1 - disk.available_bytes / disk.size_bytes;
  const others = disks.length - 1;
  return {
    id: 'disk-room', title: `Disk ${visible(disk.mountpoint)}`, left: formatBytes(disk.available_bytes), of: `of ${formatBytes(disk.size_bytes)}`, share,
    sentence: `${capital(untilWords(disk.until, 'its'))}${others > 0 ? `; ${others} more ${others === 1 ? 'disk has' : 'disks have'} longer` : ''}.`,
    outcome: outcomeOf(share, disk.until),
  };
}

export const rooms = (overview: Overview): Room[] => [memoryRoom(overview), cpuRoom(overview), diskRoom(overview)];

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);

export interface Standing {
  word: string;
  outcome: Outcome;
}

export function standing(run: RunRow): Standing {
  if (run.state === 'damaged') return { word: 'damaged', outcome: 'bad' };
  if (run.state === 'running') return { word: 'running', outcome: 'unsettled' };
  if (run.oom_killed) return { word: 'out of memory', outcome: 'bad' };
  if (run.state === 'interrupted') return { word: 'interrupted', outcome: 'unsettled' };
  if (run.timed_out) return { word: 'timed out', outcome: 'bad' };
  if (run.signal !== null) return { word: signalName(run.signal), outcome: 'bad' };
  return { word: `exit ${run.exit_code ?? 'unknown'}`, outcome: run.exit_code === 0 ? 'good' : 'bad' };
}

export const runTitle = (run: RunRow): string => visible(run.name || baseName(run.command[0] ?? '') || run.id);
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function ago(timeMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - timeMs) / 1000);
  return seconds < 5 ? 'just now' : seconds < 60 ? `${Math.floor(seconds)} s ago` : `${aboutHowLong(seconds)} ago`;
}

// As a run lasts, the list says how long it has by now.
export const lasted = (run: RunRow, nowMs: number): string =>
  formatDuration(run.state === 'running' ? Math.max(run.wall_seconds, (nowMs - run.started_ms) / 1000) : run.wall_seconds);
