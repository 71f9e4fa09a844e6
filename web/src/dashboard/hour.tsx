// SPDX-License-Identifier: Apache-2.0
// The last hour as charts: memory, processors, pressure.
import { useComputed } from '@preact/signals';
import { Chart } from '../charts/chart';
import { chartGroup, timeAxis, type ChartGroup } from '../charts/group';
import type { ChartSeries } from '../charts/plot';
import { sinceWatched, watchedSeconds, type HistoryName, type MachineHistory } from '../data/history';
import { greatest, hasValues } from '../data/series';
import type { Maybe } from '../data/run_json';
import { formatBytes, formatCores, formatDuration, formatRatio } from '../data/units';
import { history, holdHistoryWhile, overview } from './connection';

interface Drawn {
  group: ChartGroup;
  memory: ChartSeries[];
  cpu: ChartSeries[];
  pressure: ChartSeries[];
  totalBytes: Maybe<number>;
  seconds: Maybe<number>;
}

const PRESSURES: [HistoryName, label: string, color: string, dash: number[] | undefined][] = [
  ['cpu_some', 'CPU, some waited', '--blue', undefined],
  ['memory_some', 'memory, some waited', '--orange', [6, 3]],
  ['memory_full', 'memory, all waited', '--critical', undefined],
  ['io_some', 'I/O, some waited', '--teal', [6, 3]],
  ['io_full', 'I/O, all waited', '--purple', undefined],
];

// Less than this in a rate is measuring, not waiting.
const SHARE_SHOWN = 0.0005;

function drawn(whole: MachineHistory): Drawn {
  const told = sinceWatched(whole);
  const { timesMs, columns } = told;
  const one = (name: HistoryName, label: string, color: string, more: Partial<ChartSeries> = {}): ChartSeries[] => {
    const values = columns[name] ?? null;
    return hasValues(values) ? [{ label, color, values, ...more }] : [];
  };
  const axis = { ...timeAxis(timesMs[0]!, timesMs, 0), isByClock: true };
  return {
    group: chartGroup(axis, [], []),
    memory: one('used', 'used', '--blue', { isFilled: true }),
    cpu: [...one('user', 'programs', '--stack-user'), ...one('system', 'kernel', '--stack-system')],
    pressure: PRESSURES.filter(([name]) => (greatest(columns[name] ?? []) ?? 0) >= SHARE_SHOWN).flatMap(([name, label, color, dash]) => one(name, label, color, dash ? { dash } : {})),
    totalBytes: columns.total ? greatest(columns.total) : null,
    seconds: watchedSeconds(told),
  };
}

export function HourSection() {
  const shown = useComputed(() => (history.value === null ? null : drawn(history.value)));
  // Whoever points at a moment or has zoomed in keeps what is under the cursor.
  holdHistoryWhile(() => {
    const group = shown.peek()?.group;
    return group !== undefined && (group.cursorIndex.peek() !== null || group.zoom.peek() !== null || document.querySelector('#hour details[open]') !== null);
  });
  const now = shown.value;
  if (now === null) return <p class="empty">Asking the daemon for the last hour.</p>;
  if (now.memory.length === 0 && now.cpu.length === 0) return <p class="empty">Nothing is kept yet: the first points come some seconds after the daemon began.</p>;
  const processors = overview.value?.cpu.processors ?? 0;
  return (
    <>
      {now.seconds !== null && now.seconds < 3000 && <p class="note before">Watched for {formatDuration(Math.max(now.seconds, 15))} of it so far.</p>}
      {now.memory.length > 0 && (
        <Chart
          title="Memory" group={now.group} series={now.memory} unit="bytes" format={formatBytes} isLeading heightPx={220}
          limits={now.totalBytes === null ? [] : [{ value: now.totalBytes, label: `${formatBytes(now.totalBytes)} in all`, color: '--critical' }]}
          note="Used is what nothing new could have; page cache that can be given back is not part of it."
        />
      )}
      {now.cpu.length > 0 && (
        <Chart
          title="Cores busy" group={now.group} series={now.cpu} unit="cores" format={formatCores} isStacked heightPx={180}
          limits={processors > 0 ? [{ value: processors, label: `${processors} in all`, color: '--critical' }] : []}
        />
      )}
      {now.pressure.length > 0
        ? <Chart title="Share of time that work waited" group={now.group} series={now.pressure} unit="ratio" format={formatRatio} heightPx={160} note="The kernel’s pressure stall information, for the whole machine." />
        : <p class="note">Pressure: {overview.value?.pressure.cpu_some == null ? 'not told by this kernel' : 'nothing waited'}.</p>}
    </>
  );
}
