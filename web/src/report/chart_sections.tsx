// SPDX-License-Identifier: Apache-2.0
// The sections that are charts, each with the sentence that says what the figures mean.
import { Chart } from '../charts/chart';
import type { ChartGroup, Severity } from '../charts/group';
import { clockTime } from '../charts/clock_text';
import type { ReportData, Run } from '../data/run_json';
import { rateWindowMs } from '../data/series';
import { visible } from '../data/text';
import { formatBytes, formatDuration, formatOffset } from '../data/units';
import { sinceStart } from './moments';
import { isPeakBeforeItsTime, type Picture } from './picture';

interface ChartsProps {
  run: Run;
  group: ChartGroup;
  charts: Picture[];
}

export function MemorySection({ data, group, chart }: { data: ReportData; group: ChartGroup; chart: Picture }) {
  return (
    <>
      <Chart {...chart} group={group} isLeading heightPx={300} note={memoryNote(data.run, group)} />
      <SignsNote group={group} />
      <p class="note screen-only">Drag over a chart, or press + and − on it, to look closer; arrow keys step through its moments; a double click or Escape shows all.</p>
    </>
  );
}

const SIGNS: [Severity, sign: string, word: string][] = [['critical', '◆', 'critical'], ['warning', '▲', 'warning'], ['info', '●', 'for information']];

function SignsNote({ group }: { group: ChartGroup }) {
  const present = SIGNS.filter(([severity]) => group.marks.some((mark) => mark.severity === severity));
  if (present.length === 0) return null;
  return (
    <p class="note signs">
      Events: {present.map(([severity, sign, word], order) => (
        <span key={severity}>{order > 0 && ', '}<span class={`sign ${severity}`}>{sign}</span> {word}</span>
      ))}.
    </p>
  );
}

const METHODS: Record<string, string> = {
  samples: 'the samples',
  'process high-water mark': 'the processes’ own high-water marks',
  taskstats: 'the kernel’s exit records (taskstats)',
  wait4: 'the kernel’s own figure at the command’s end (wait4)',
  cgroup: 'the cgroup',
};

function memoryNote(run: Run, group: ChartGroup): string {
  const { peak_bytes: peak, peak_ms: peakMs, peak_method: method, cgroup_peak_bytes: mark } = run.memory;
  const sentences = ['Used memory is what cannot be reclaimed; page cache is not part of it.'];
  if (peak !== null) {
    const when = peakMs === null ? '' : ` ${isPeakBeforeItsTime(run) ? 'at or before' : 'at'} ${formatOffset(sinceStart(run, peakMs), group.axis.spanSeconds)} (${clockTime(peakMs, group.axis.spanSeconds)} UTC)`;
    sentences.push(`The peak of ${formatBytes(peak)}${when}${method ? ` is told by ${METHODS[method] ?? visible(method)}` : ''}.`);
  }
  if (mark !== null) sentences.push(`The cgroup’s own mark, page cache included, is ${formatBytes(mark)}.`);
  return sentences.join(' ');
}

export function CpuSection({ run, group, charts }: ChartsProps) {
  const { timesMs, stepSeconds } = group.axis;
  const note = `Each point is the average of about ${formatDuration(Math.max(stepSeconds, rateWindowMs(timesMs) / 1000))} before it.`;
  return (
    <>
      {charts.map((chart, order) => <Chart key={chart.title} {...chart} group={group} note={order === 0 ? note : undefined} heightPx={order === 0 ? 200 : 150} />)}
      {run.cpu.throttled_seconds === null && run.limits.some((limit) => limit.resource === 'cpus') && <p class="note">Throttling by a limit: not told by this kernel.</p>}
    </>
  );
}

export function IoSection({ group, charts }: ChartsProps) {
  const note = 'Bytes that reached or came from storage; what the page cache answered is not counted.';
  return <>{charts.map((chart) => <Chart key={chart.title} {...chart} group={group} note={note} />)}</>;
}

export function PressureSection({ run, group, chart }: { run: Run; group: ChartGroup; chart: Picture }) {
  const note = run.pressure.scope === 'machine'
    ? 'As the kernel’s pressure stall information has it for the whole machine: work beside this run counts too.'
    : 'As the kernel’s pressure stall information has it for this run’s cgroup.';
  return <Chart {...chart} group={group} note={note} />;
}

export function OwnValuesSection({ group, charts }: Omit<ChartsProps, 'run'>) {
  return <>{charts.map((chart) => <Chart key={chart.title} {...chart} group={group} heightPx={140} />)}</>;
}

export function MachineSection({ group, charts }: ChartsProps) {
  return <>{charts.map((chart) => <Chart key={chart.title} {...chart} group={group} heightPx={150} />)}</>;
}
