// SPDX-License-Identifier: Apache-2.0
// The key figures: each with what it is measured against.
import type { Maybe, Run } from '../data/run_json';
import { signalName } from '../data/signals';
import { visible } from '../data/text';
import { formatBytes, formatCores, formatCount, formatDuration, formatRatio } from '../data/units';
import { coresBusy, cpuSeconds } from '../data/verdict';
import { UNTOLD } from './told';

export interface Tile {
  label: string;
  value: Maybe<string>;
  details: string[];
  share?: number; // of what it had, 0…1
}

export function tilesOf(run: Run): Tile[] {
  return [timeTile(run), memoryTile(run), cpuTile(run), ioTile(run), pressureTile(run), processesTile(run)].filter((tile) => tile !== null);
}

export function Tiles({ run }: { run: Run }) {
  return (
    <dl class="tiles" aria-label="Key figures">
      {tilesOf(run).map((tile) => (
        <div class="tile" key={tile.label}>
          <dt>{tile.label}</dt>
          <dd class={tile.value === null ? 'untold' : 'value'}>{tile.value ?? UNTOLD}</dd>
          {tile.share !== undefined && (
            <dd class="meter" aria-hidden="true"><span class={tile.share >= 0.95 ? 'full' : ''} style={{ width: `${Math.min(100, tile.share * 100)}%` }} /></dd>
          )}
          {tile.details.map((detail, order) => <dd class="detail" key={order}>{detail}</dd>)}
        </div>
      ))}
    </dl>
  );
}

const told = (value: Maybe<number>, text: (value: number) => string): string[] => (value === null ? [] : [text(value)]);
const toldAboveZero = (value: Maybe<number>, text: (value: number) => string): string[] => (value === null || value <= 0 ? [] : [text(value)]);

function timeTile(run: Run): Tile {
  return {
    label: 'Time',
    value: formatDuration(run.wall_seconds),
    details: [
      ...(run.signal !== null ? [`ended by ${signalName(run.signal)}`] : told(run.exit_code, (code) => `exit code ${code}`)),
      ...(run.phases.length > 0 ? [`${run.phases.length} ${run.phases.length === 1 ? 'phase' : 'phases'}`] : []),
    ],
  };
}

function memoryTile(run: Run): Tile {
  const { peak_bytes: peak, limit_bytes: limit, limit_source: source, average_bytes, cache_bytes, swap_peak_bytes } = run.memory;
  const against = limit === null ? [] : [`${peak === null ? '' : `${formatRatio(peak / limit)} of `}${formatBytes(limit)}`, ...(source ? [source === 'machine' ? 'all that the machine has' : `limit of ${visible(source)}`] : [])];
  return {
    label: 'Peak memory',
    value: peak === null ? null : formatBytes(peak),
    ...(peak !== null && limit ? { share: peak / limit } : {}),
    details: [
      ...against,
      ...told(average_bytes, (bytes) => `average ${formatBytes(bytes)}`),
      ...toldAboveZero(cache_bytes, (bytes) => `page cache up to ${formatBytes(bytes)}`),
      ...toldAboveZero(swap_peak_bytes, (bytes) => `swap up to ${formatBytes(bytes)}`),
    ],
  };
}

function cpuTile(run: Run): Tile {
  const busy = coresBusy(run);
  const had = run.cpu.cores_available;
  const { user_seconds: user, system_seconds: system, throttled_seconds: throttled, run_queue_wait_seconds: waited } = run.cpu;
  return {
    label: had === 1 ? 'CPU core busy' : 'CPU cores busy',
    value: busy === null ? null : `${formatCores(busy)}${had > 0 ? ` of ${formatCores(had)}` : ''}`,
    ...(busy !== null && had > 0 ? { share: busy / had } : {}),
    details: [
      ...told(cpuSeconds(run), (seconds) => `${formatDuration(seconds)} of CPU time`),
      ...(user !== null && system !== null ? [`user ${formatDuration(user)}`, `system ${formatDuration(system)}`] : []),
      ...toldAboveZero(throttled, (seconds) => `throttled for ${formatDuration(seconds)}`),
      ...toldAboveZero(waited, (seconds) => `waited ${formatDuration(seconds)} for a core`),
    ],
  };
}

function ioTile(run: Run): Tile {
  const { read_bytes: read, written_bytes: written } = run.io;
  const majors = toldAboveZero(run.activity.major_faults, (count) => `${formatCount(count)} page faults from disk`);
  if (read === null && written === null) return { label: 'I/O', value: null, details: majors };
  const text = (bytes: Maybe<number>): string => (bytes === null ? UNTOLD : formatBytes(bytes));
  return { label: 'Read', value: text(read), details: [`written ${text(written)}`, ...majors] };
}

function pressureTile(run: Run): Maybe<Tile> {
  const { scope, cpu_some_seconds: cpu, memory_some_seconds: memory, io_some_seconds: io } = run.pressure;
  const stalls: [string, Maybe<number>][] = [['CPU', cpu], ['memory', memory], ['I/O', io]];
  const [most] = stalls.filter((stall): stall is [string, number] => stall[1] !== null).sort((a, b) => b[1] - a[1]);
  if (!most || run.wall_seconds <= 0) return null;
  const details = stalls.flatMap(([name, seconds]) => toldAboveZero(seconds, (value) => `${name} ${formatDuration(value)}`));
  return {
    label: 'Most waited for',
    value: most[1] > 0 ? `${most[0]}, ${formatRatio(Math.min(1, most[1] / run.wall_seconds))}` : 'nothing',
    details: [...details, ...(scope === 'machine' ? ['of the whole machine'] : [])],
  };
}

function processesTile(run: Run): Tile {
  const { total, peak, left_running: left, counted_by: method } = run.processes;
  return {
    label: 'Processes',
    value: formatCount(total),
    details: [
      `up to ${formatCount(peak)} at once`,
      ...(left > 0 ? [`${formatCount(left)} left running`] : []),
      ...(method ? [`counted by ${visible(method)}`] : []),
    ],
  };
}
