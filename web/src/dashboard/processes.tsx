// SPDX-License-Identifier: Apache-2.0
// The processes that come first by what is asked for, renewed every two seconds. The order is the daemon's, so
// that the first fifty are those of all.
import type { LiveProcess } from '../data/machine_json';
import type { Maybe } from '../data/run_json';
import { shortened, visible } from '../data/text';
import { formatByteRate, formatBytes, formatCores, formatCount, formatDuration } from '../data/units';
import { processes, processesAreKept, processOrder, refreshProcesses, type ProcessOrder } from './connection';

interface ColumnSpec {
  title: string;
  order?: ProcessOrder;
  cell: (row: LiveProcess, now: number) => string;
  isText?: boolean;
}

const told = (value: Maybe<number>, format: (value: number) => string): string => (value === null ? '–' : format(value));
const QUIET_GROWTH = 64 * 1024; // bytes a minute, below which it is no growth to speak of

const growthText = (bytes: number): string => (Math.abs(bytes) < QUIET_GROWTH ? '0' : `${bytes > 0 ? '+' : ''}${formatBytes(bytes)}/min`);

function growthOf({ growth_bytes_per_minute: growth, growing_since_ms: since }: LiveProcess, now: number): string {
  return told(growth, growthText) + (since === null ? '' : ` for ${formatDuration((now - since) / 1000)}`);
}

function ioText({ read_bytes_per_second: read, written_bytes_per_second: written }: LiveProcess): string {
  return read === null && written === null ? '–' : zero((read ?? 0) + (written ?? 0), formatByteRate);
}
const zero = (value: number, format: (value: number) => string): string => (value === 0 ? '0' : format(value));

const COLUMNS: ColumnSpec[] = [
  { title: 'Memory', order: 'memory', cell: (row) => told(row.resident_bytes, formatBytes) },
  { title: 'Growth', order: 'growth', cell: growthOf },
  { title: 'Cores', order: 'cpu', cell: (row) => zero(row.cpu_cores, formatCores) },
  { title: 'Storage I/O', order: 'io', cell: ioText },
  { title: 'Threads', cell: (row) => formatCount(row.threads) },
  { title: 'User', cell: (row) => visible(row.user), isText: true },
];

export function ProcessesSection() {
  const told = processes.value;
  if (processesAreKept.value) return <p class="empty">The daemon shows processes over its unix socket only (server.processes_over_tcp), as `ullage top` does.</p>;
  if (told === null) return <p class="empty">Asking the daemon for its processes.</p>;
  const choose = (order: ProcessOrder): void => {
    processOrder.value = order;
    void refreshProcesses();
  };
  return (
    <>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Processes: table">
        <table class="processes">
          <thead>
            <tr>
              <th scope="col" class="text">Process</th>
              {COLUMNS.map((column) => <Heading key={column.title} column={column} choose={choose} />)}
            </tr>
          </thead>
          <tbody>{told.processes.map((row) => <Row key={row.pid} row={row} now={told.time_ms} />)}</tbody>
        </table>
      </div>
      <p class="note">
        The first {formatCount(told.processes.length)} of {formatCount(told.total)}{told.hidden > 0 && `; ${formatCount(told.hidden)} more may not be seen by this user`}. Memory is resident; growth is its trend over the last minutes, and for how long it has grown.
      </p>
    </>
  );
}

function Heading({ column, choose }: { column: ColumnSpec; choose: (order: ProcessOrder) => void }) {
  const { title, order, isText } = column;
  if (order === undefined) return <th scope="col" class={isText ? 'text' : ''}>{title}</th>;
  const isChosen = processOrder.value === order;
  return (
    <th scope="col" aria-sort={isChosen ? 'descending' : 'none'}>
      <button type="button" onClick={() => choose(order)}>{title}<span class="arrow" aria-hidden="true">{isChosen ? ' ▼' : ''}</span></button>
    </th>
  );
}

function Row({ row, now }: { row: LiveProcess; now: number }) {
  const command = visible(row.command);
  return (
    <tr>
      <th scope="row">
        <bdi class="name">{visible(row.name)}</bdi> <span class="quiet">{row.pid}</span>
        {command && <span class="args" title={command}><bdi>{shortened(command, 160)}</bdi></span>}
      </th>
      {COLUMNS.map((column) => <td key={column.title} class={column.isText ? 'text' : ''}>{column.cell(row, now)}</td>)}
    </tr>
  );
}
