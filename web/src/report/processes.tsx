// SPDX-License-Identifier: Apache-2.0
// Processes: stacked areas over time, and the table of all rows, sorted by any column.
import { useComputed, useSignal } from '@preact/signals';
import { Chart } from '../charts/chart';
import type { ChartGroup } from '../charts/group';
import type { Maybe, ProcessRow, Run } from '../data/run_json';
import { signalName } from '../data/signals';
import { shortened, visible } from '../data/text';
import { formatBytes, formatCount, formatDuration, formatOffset } from '../data/units';
import { sinceStart } from './moments';
import type { Picture } from './picture';
import { Told } from './told';

export function ProcessesSection({ run, group, charts }: { run: Run; group: ChartGroup; charts: Picture[] }) {
  return (
    <>
      {charts.map((chart, order) => (
        <Chart
          key={chart.title} {...chart} group={group} heightPx={220}
          note={order === 0 ? 'Resident memory counts a shared page once for each process that has it, so the sum can exceed the used memory above.' : undefined}
        />
      ))}
      <ProcessTable run={run} />
    </>
  );
}

interface ColumnSpec {
  title: string;
  key: (row: ProcessRow) => Maybe<number> | string;
  cell: (row: ProcessRow) => preact.ComponentChild;
  isText?: boolean;
}

const cpuOf = (row: ProcessRow): Maybe<number> =>
  row.user_seconds === null && row.system_seconds === null ? null : (row.user_seconds ?? 0) + (row.system_seconds ?? 0);
const lifeOf = (row: ProcessRow): Maybe<number> => (row.end_ms === null ? null : (row.end_ms - row.begin_ms) / 1000);

function columnsOf(run: Run): ColumnSpec[] {
  return [
    { title: 'Process', key: (row) => row.name, isText: true, cell: (row) => <Name row={row} /> },
    { title: 'Peak', key: (row) => row.peak_bytes, cell: (row) => <Told value={row.peak_bytes} format={formatBytes} /> },
    { title: 'CPU', key: cpuOf, cell: (row) => <Told value={cpuOf(row)} format={(seconds) => (seconds === 0 ? '0' : formatDuration(seconds))} /> },
    { title: 'Read', key: (row) => row.read_bytes, cell: (row) => <Told value={row.read_bytes} format={formatBytes} /> },
    { title: 'Written', key: (row) => row.written_bytes, cell: (row) => <Told value={row.written_bytes} format={formatBytes} /> },
    { title: 'Threads', key: (row) => row.threads_peak, cell: (row) => formatCount(row.threads_peak) },
    { title: 'Began', key: (row) => row.begin_ms, cell: (row) => formatOffset(sinceStart(run, row.begin_ms), run.wall_seconds) },
    { title: 'Lived', key: lifeOf, cell: (row) => (row.count > 1 ? '' : lifeText(lifeOf(row))) },
    { title: 'Ended', key: (row) => row.signal ?? row.exit_code, isText: true, cell: endingText },
  ];
}

function Name({ row }: { row: ProcessRow }) {
  const command = visible(row.command);
  return (
    <>
      <bdi class="name">{visible(row.name)}</bdi>{' '}
      <span class="quiet">{row.count > 1 ? `× ${formatCount(row.count)}` : row.pid > 0 ? row.pid : ''}</span>
      {command && <span class="args" title={command}><bdi>{shortened(command, 160)}</bdi></span>}
    </>
  );
}

// Moments are known to the millisecond.
function lifeText(seconds: Maybe<number>): string {
  if (seconds === null) return 'to the end';
  return seconds <= 0 ? '< 1 ms' : formatDuration(seconds);
}

function endingText(row: ProcessRow): string {
  if (row.signal !== null) return signalName(row.signal);
  return row.exit_code === null ? '' : `exit ${row.exit_code}`;
}

const ROWS_FIRST = 12;

function ProcessTable({ run }: { run: Run }) {
  const columns = columnsOf(run);
  const order = useSignal({ column: 1, isRising: false });
  const isWhole = useSignal(run.process_table.length <= ROWS_FIRST);
  const rows = useComputed(() => sorted(run.process_table, columns[order.value.column]!, order.value.isRising));
  const choose = (column: number): void => {
    const { column: current, isRising } = order.value;
    order.value = { column, isRising: column === current ? !isRising : Boolean(columns[column]!.isText) };
  };
  const shown = isWhole.value ? rows.value : rows.value.slice(0, ROWS_FIRST);
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Processes: table">
        <table class="processes">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th scope="col" key={column.title} class={column.isText ? 'text' : ''} aria-sort={order.value.column !== index ? 'none' : order.value.isRising ? 'ascending' : 'descending'}>
                  <button type="button" onClick={() => choose(index)}>{column.title}<span class="arrow" aria-hidden="true">{order.value.column !== index ? '' : order.value.isRising ? ' ▲' : ' ▼'}</span></button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={index}>
                {columns.map((column, at) => at === 0
                  ? <th scope="row" key={column.title}>{column.cell(row)}</th>
                  : <td key={column.title} class={column.isText ? 'text' : ''}>{column.cell(row)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!isWhole.value && <button type="button" class="more" onClick={() => { isWhole.value = true; }}>Show all {formatCount(run.process_table.length)} rows</button>}
    </>
  );
}

// What is not known comes last, whichever way it is sorted.
export function sorted(rows: ProcessRow[], column: Pick<ColumnSpec, 'key'>, isRising: boolean): ProcessRow[] {
  const direction = isRising ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.key(a), column.key(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return direction * (typeof left === 'string' || typeof right === 'string' ? String(left).localeCompare(String(right)) : left - right);
  });
}
