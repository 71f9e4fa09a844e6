// SPDX-License-Identifier: Apache-2.0
// Runs now and before, each with its report, and the warnings of runs and of the daemon.
import { localDateTime } from '../charts/clock_text';
import { ago, lasted, runTitle, standing } from '../data/machine';
import type { Noted, RunRow } from '../data/machine_json';
import { shortened, visible } from '../data/text';
import { formatBytes, formatRatio } from '../data/units';
import { follow } from './access';
import { events, overview, runs } from './connection';

const nowMs = (): number => overview.value?.time_ms ?? Date.now();

function ReportLink({ id, look, children }: { id: string; look?: string; children: preact.ComponentChildren }) {
  const path = `/api/ullage/v1/runs/${encodeURIComponent(id)}`;
  const open = (event: MouseEvent): void => { void follow(event, `${path}/ticket`); };
  return <a class={look} href={`${path}/report`} onClick={open} onAuxClick={(event) => { if (event.button === 1) open(event); }}>{children}</a>;
}

export function RunsSection() {
  const list = runs.value;
  if (list === null) return <p class="empty">Asking the daemon for its runs.</p>;
  if (list.length === 0) return <p class="empty">No run is recorded here yet. <code>ullage run -- COMMAND</code> makes one.</p>;
  return (
    <div class="scroll tall" tabIndex={0} role="region" aria-label="Runs: table">
      <table class="runs">
        <thead>
          <tr><th scope="col" class="text">Run</th><th scope="col" class="text">State</th><th scope="col">Began</th><th scope="col">Lasted</th><th scope="col">Peak memory</th></tr>
        </thead>
        <tbody>{list.map((run) => <Row key={run.id} run={run} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ run }: { run: RunRow }) {
  const { word, outcome } = standing(run);
  const command = visible(run.command.join(' '));
  const isDamaged = run.state === 'damaged';
  return (
    <tr>
      <th scope="row">
        {isDamaged ? <bdi class="name">{visible(run.id)}</bdi> : <ReportLink id={run.id} look="name"><bdi>{runTitle(run)}</bdi></ReportLink>}
        {command && <span class="args" title={command}><bdi>{shortened(command, 160)}</bdi></span>}
        {run.problem !== null && <span class="args">{visible(run.problem)}</span>}
      </th>
      <td class="text"><span class={`badge ${outcome}`}>{word}</span></td>
      <td title={isDamaged ? '' : localDateTime(run.started_ms)}>{isDamaged ? '–' : ago(run.started_ms, nowMs())}</td>
      <td>{isDamaged ? '–' : lasted(run, nowMs())}</td>
      <td>{run.peak_bytes === null ? '–' : formatBytes(run.peak_bytes)}{run.peak_bytes !== null && run.limit_bytes ? <span class="quiet"> {formatRatio(run.peak_bytes / run.limit_bytes)}</span> : null}</td>
    </tr>
  );
}

const SIGNS: Record<string, string> = { critical: '◆', warning: '▲' };

export function EventsSection() {
  const list = events.value;
  if (list === null) return <p class="empty">Asking the daemon for what was noted.</p>;
  if (list.length === 0) return <p class="empty">Nothing was noted.</p>;
  return <ol class="events">{list.map((event, order) => <Event key={order} event={event} />)}</ol>;
}

function Event({ event }: { event: Noted }) {
  const severity = event.severity in SIGNS ? event.severity : 'info';
  return (
    <li>
      <span class={`sign ${severity}`} aria-hidden="true">{SIGNS[severity] ?? '●'}</span>
      <span class="sr-only">{severity}: </span>
      <span class="when quiet">{localDateTime(event.time_ms)}</span>
      <span class="what">
        {event.run_id !== null && <><ReportLink id={event.run_id}><bdi>{visible(event.run_name || event.run_id)}</bdi></ReportLink>: </>}
        {visible(event.text)}
      </span>
    </li>
  );
}
