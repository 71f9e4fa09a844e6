// SPDX-License-Identifier: Apache-2.0
// Which series each chart of the report draws: pure selections and derivations over the report's data.
// A chart without a value is not there (null, or not in the list).
import type { ChartSeries } from '../charts/plot';
import type { Highlight, LimitLine } from '../charts/paint';
import type { Unit } from '../charts/ticks';
import type { Column, Maybe, ReportData, Run, SeriesJson } from '../data/run_json';
import { atMost, column, findSeries, greatest, hasMoreThanZeros, hasValues, held, movesOf, rate, rateBetweenReads, rateWindowMs, readsOf, scaled, sum } from '../data/series';
import { visible } from '../data/text';
import { formatByteRate, formatBytes, formatCores, formatCount, formatRatio } from '../data/units';

export interface Picture {
  title: string;
  unit: Unit;
  series: ChartSeries[];
  limits: LimitLine[];
  highlight: Maybe<Highlight>;
  isStacked: boolean;
  format: (value: number) => string;
}

const FORMATS: Record<Unit, (value: number) => string> = {
  bytes: formatBytes, 'bytes/s': formatByteRate, cores: formatCores, ratio: formatRatio, count: formatCount,
};

function picture(title: string, unit: Unit, series: (ChartSeries | null)[], more: Partial<Picture> = {}): Picture[] {
  const told = series.filter((one) => one !== null);
  return told.length === 0 ? [] : [{ title, unit, series: told, limits: [], highlight: null, isStacked: false, format: FORMATS[unit], ...more }];
}

function line(label: string, color: string, values: Maybe<Column>, more: Partial<ChartSeries> = {}): ChartSeries | null {
  return hasValues(values) ? { label, color, values, ...more } : null;
}

const lineUnlessZero = (...[label, color, values, more]: Parameters<typeof line>): ChartSeries | null =>
  hasMoreThanZeros(values) ? line(label, color, values, more) : null;

export function rateOf(data: ReportData, name: string, labels: Record<string, string> = {}): Maybe<Column> {
  const counter = column(data, name, labels);
  return counter && rate(counter, data.times_ms, rateWindowMs(data.times_ms));
}

const rateByReads = (data: ReportData, counter: Maybe<Column>, reads: typeof readsOf): Maybe<Column> =>
  counter && rateBetweenReads(counter, data.times_ms.map((timeMs) => timeMs / 1000), reads(counter, data.times_ms, rateWindowMs(data.times_ms)));

// Of what is read less often than the run is stored: the machine, pressure.
const rateOfRare = (data: ReportData, name: string): Maybe<Column> => rateByReads(data, column(data, name), readsOf);

export function memoryChart(data: ReportData): Maybe<Picture> {
  const limit = data.run.memory.limit_bytes;
  const source = data.run.memory.limit_source;
  const used = line('used', '--blue', column(data, 'ullage_run_used_bytes'), { isFilled: true })
    ?? line('resident', '--blue', column(data, 'ullage_run_resident_bytes'), { isFilled: true });
  const limits = limit === null ? [] : [{ value: limit, label: `${source === 'machine' ? 'the machine’s' : 'limit'} ${formatBytes(limit)}`, color: '--critical' }];
  return picture('Memory over time', 'bytes', [
    used,
    lineUnlessZero('page cache', '--teal', column(data, 'ullage_run_cache_bytes'), { dash: [2, 3] }),
    lineUnlessZero('swap', '--purple', column(data, 'ullage_run_swap_bytes'), { dash: [8, 3] }),
  ], { limits, highlight: peakHighlight(data) })[0] ?? null;
}

// What the kernel tells of a process after its end does not say when in its life the peak was.
export const isPeakBeforeItsTime = (run: Run): boolean => ['taskstats', 'wait4'].includes(run.memory.peak_method ?? '');

function peakHighlight(data: ReportData): Maybe<Highlight> {
  const { peak_bytes: peak, peak_ms: toldMs } = data.run.memory;
  if (peak === null || toldMs === null) return null;
  const used = column(data, 'ullage_run_used_bytes')?.filter((_, index) => data.times_ms[index]! <= toldMs) ?? [];
  const most = greatest(used);
  const peakMs = isPeakBeforeItsTime(data.run) && most !== null ? data.times_ms[used.indexOf(most)]! : toldMs;
  return { atSeconds: (peakMs - data.run.started_ms) / 1000, value: peak, label: `peak ${formatBytes(peak)}` };
}

export function cpuCharts(data: ReportData): Picture[] {
  const cores = data.run.cpu.cores_available;
  const busy = [
    line('user', '--stack-user', rateOf(data, 'ullage_run_cpu_seconds_total', { mode: 'user' })),
    line('system', '--stack-system', rateOf(data, 'ullage_run_cpu_seconds_total', { mode: 'system' })),
  ];
  const all = busy.every((one) => one === null) ? [line('busy', '--stack-user', rateOf(data, 'ullage_run_cpu_seconds_total'))] : busy;
  const limits = cores > 0 ? [{ value: cores, label: `${formatCores(cores)} ${cores === 1 ? 'core' : 'cores'} available`, color: '--critical' }] : [];
  return [
    ...picture('Cores busy', 'cores', all, { limits, isStacked: true }),
    ...picture('Work held back, in threads', 'cores', [
      lineUnlessZero('waiting for a processor', '--purple', rateByReads(data, column(data, 'ullage_run_run_queue_wait_seconds_total'), movesOf)),
      lineUnlessZero('throttled by its limit', '--critical', rateOf(data, 'container_cpu_cfs_throttled_seconds_total'), { dash: [6, 3] }),
    ]),
  ];
}

export function ioCharts(data: ReportData): Picture[] {
  return picture('Read and written', 'bytes/s', [
    lineUnlessZero('read', '--blue', rateOf(data, 'ullage_run_read_bytes_total')),
    lineUnlessZero('written', '--orange', rateOf(data, 'ullage_run_written_bytes_total'), { dash: [6, 3] }),
  ]);
}

const PRESSURES: [label: string, color: string, resource: string, dash: number[] | undefined][] = [
  ['CPU, some waited', '--blue', 'cpu_waiting', undefined],
  ['memory, some waited', '--orange', 'memory_waiting', [6, 3]],
  ['memory, all waited', '--critical', 'memory_stalled', undefined],
  ['I/O, some waited', '--teal', 'io_waiting', [6, 3]],
  ['I/O, all waited', '--purple', 'io_stalled', undefined],
];

// Of the run's cgroup where it has one, else of the machine.
export function pressureChart(data: ReportData): Maybe<Picture> {
  const prefix = findSeries(data, 'container_pressure_cpu_waiting_seconds_total').length > 0 ? 'container' : 'node';
  const series = PRESSURES.map(([label, color, resource, dash]) => {
    const name = `${prefix}_pressure_${resource}_seconds_total`;
    const share = rateOfRare(data, name);
    // The kernel's clock and ours differ by a few parts in a thousand.
    return line(label, color, share && atMost(share, 1), dash ? { dash } : {});
  });
  const moved = series.filter((one) => hasMoreThanZeros(one?.values ?? null));
  const title = prefix === 'node' ? 'Share of time that work waited, whole machine' : 'Share of time that work waited';
  return picture(title, 'ratio', moved)[0] ?? null;
}

const LAYER_COLORS = ['--layer-1', '--layer-2', '--layer-3', '--layer-4', '--layer-5', '--layer-6', '--layer-7', '--layer-8'];

// Small processes are read less often, and CPU time comes in steps of several milliseconds: a longer look back.
const processWindowMs = (timesMs: number[]): number => Math.min(1000, 4 * rateWindowMs(timesMs));

export function processCharts(data: ReportData): Picture[] {
  const window = processWindowMs(data.times_ms);
  const resident = layers(findSeries(data, 'ullage_process_resident_bytes').map((one) => ({ label: processLabel(one), values: one.values })));
  const cpuByProcess = new Map<string, Column[]>();
  for (const one of findSeries(data, 'ullage_process_cpu_seconds_total')) {
    const label = processLabel(one);
    cpuByProcess.set(label, [...(cpuByProcess.get(label) ?? []), rate(one.values, data.times_ms, window)]);
  }
  const busy = layers([...cpuByProcess].map(([label, modes]) => ({ label, values: sum(modes) })), resident.map((one) => one.label));
  return [
    ...picture('Resident memory by process', 'bytes', resident, { isStacked: true }),
    ...picture('Cores busy by process', 'cores', busy, { isStacked: true }),
  ];
}

function processLabel(series: SeriesJson): string {
  const { name = '', pid } = series.labels;
  if (pid) return `${visible(name)} ${pid}`;
  return name === 'others' || name === '' ? 'others' : visible(name);
}

interface Layer {
  label: string;
  values: Column;
}

// The largest get a colour each; the rest are summed, so that colours stay apart for every eye. A process
// keeps its colour from one chart to the next by standing in the same order.
function layers(all: Layer[], order: string[] = []): ChartSeries[] {
  const told = all.filter((one) => hasValues(one.values));
  const place = (layer: Layer): number => { const at = order.indexOf(layer.label); return at < 0 ? order.length : at; };
  const size = new Map(told.map((one) => [one, greatest(one.values) ?? 0]));
  const named = told.filter((one) => one.label !== 'others').sort((a, b) => place(a) - place(b) || size.get(b)! - size.get(a)!);
  const own = named.slice(0, LAYER_COLORS.length);
  const rest = [...named.slice(LAYER_COLORS.length), ...told.filter((one) => one.label === 'others')];
  const colored = own.map((one, index): ChartSeries => ({ ...one, color: LAYER_COLORS[index]! }));
  return rest.length === 0 ? colored : [...colored, { label: 'others', color: '--layer-others', values: sum(rest.map((one) => one.values)) }];
}

// What the command itself reported: one chart a name, a line for each set of labels.
export function ownCharts(data: ReportData): Picture[] {
  const byName = new Map<string, { series: SeriesJson; values: Column }[]>();
  for (const series of data.series) {
    const isCounter = series.name === 'ullage_run_custom_counter';
    if (!isCounter && series.name !== 'ullage_run_custom_gauge') continue;
    const values = isCounter ? rate(series.values, data.times_ms, rateWindowMs(data.times_ms)) : series.values;
    const title = `${visible(series.labels.name ?? 'unnamed')}${isCounter ? ', a second' : ''}`;
    byName.set(title, [...(byName.get(title) ?? []), { series, values }]);
  }
  return [...byName].flatMap(([title, lines]) => picture(title, 'count', lines.slice(0, LAYER_COLORS.length).map(({ series, values }, index) =>
    line(labelsText(series) || visible(series.labels.name ?? 'value'), lines.length === 1 ? '--blue' : LAYER_COLORS[index]!, values))));
}

const labelsText = (series: SeriesJson): string =>
  Object.entries(series.labels).filter(([label]) => label !== 'name').map(([label, value]) => visible(`${label}=${value}`)).join(' ');

export function machineCharts(data: ReportData): Picture[] {
  const total = column(data, 'node_memory_MemTotal_bytes');
  const available = column(data, 'node_memory_MemAvailable_bytes');
  const bytes = data.run.host.memory_bytes || (total && greatest(total)) || 0;
  const taken = available && bytes > 0 ? scaled(held(available), -1).map((value) => (value === null ? null : bytes + value)) : null;
  const cores = data.run.host.processors;
  return [
    ...picture('The machine’s memory that nothing new could have', 'bytes', [line('taken', '--blue', taken, { isFilled: true })],
      { limits: bytes > 0 ? [{ value: bytes, label: `${formatBytes(bytes)} in all`, color: '--critical' }] : [] }),
    ...picture('The machine’s cores busy, this run among them', 'cores', [line('busy', '--blue', machineCoresBusy(data, cores), { isFilled: true })],
      { limits: cores > 0 ? [{ value: cores, label: `${cores} in all`, color: '--critical' }] : [] }),
    ...picture('Disks', 'bytes/s', [
      lineUnlessZero('read', '--blue', rateOfRare(data, 'node_disk_read_bytes_total')),
      lineUnlessZero('written', '--orange', rateOfRare(data, 'node_disk_written_bytes_total'), { dash: [6, 3] }),
    ]),
  ];
}

// By the kernel's own account: the share of all processor time that was not idle, times the processors.
function machineCoresBusy(data: ReportData, cores: number): Maybe<Column> {
  const all = findSeries(data, 'node_cpu_seconds_total');
  const total = column(data, 'node_cpu_seconds_total');
  const busy = all.filter((one) => one.labels.mode !== 'idle' && one.labels.mode !== 'iowait');
  if (!total || busy.length === 0 || busy.length === all.length || cores === 0) return null;
  return scaled(rateBetweenReads(sum(busy.map((one) => one.values)), total, readsOf(total, data.times_ms, rateWindowMs(data.times_ms))), cores);
}
