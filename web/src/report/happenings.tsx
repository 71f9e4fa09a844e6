// SPDX-License-Identifier: Apache-2.0
// Phases and events as tables.
import { useSignal } from '@preact/signals';
import { clockTime } from '../charts/clock_text';
import type { Run, RunEvent } from '../data/run_json';
import { shortened, visible } from '../data/text';
import { formatBytes, formatCores, formatCount, formatDuration, formatOffset } from '../data/units';
import { severityOf, sinceStart } from './moments';
import { Told } from './told';

export function PhasesTable({ run }: { run: Run }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Phases: table">
      <table>
        <thead>
          <tr><th scope="col" class="text">Phase</th><th scope="col">Began</th><th scope="col">Lasted</th><th scope="col">Peak memory</th><th scope="col">CPU time</th><th scope="col">Cores busy</th></tr>
        </thead>
        <tbody>
          {run.phases.map((phase, index) => {
            const endMs = phase.end_ms ?? run.started_ms + run.wall_seconds * 1000;
            const seconds = (endMs - phase.begin_ms) / 1000;
            const busy = phase.cpu_seconds === null || seconds <= 0 ? null : phase.cpu_seconds / seconds;
            return (
              <tr key={index}>
                <th scope="row"><bdi title={visible(phase.name)}>{shortened(visible(phase.name), 60)}</bdi></th>
                <td>{formatOffset(sinceStart(run, phase.begin_ms), run.wall_seconds)}</td>
                <td>{formatDuration(seconds)}{phase.end_ms === null && ', not ended'}</td>
                <td><Told value={phase.peak_bytes} format={formatBytes} /></td>
                <td><Told value={phase.cpu_seconds} format={formatDuration} /></td>
                <td><Told value={busy} format={formatCores} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const SIGNS = { info: '●', warning: '▲', critical: '◆' } as const;
const EVENTS_FIRST = 30;

// All that asks for attention, and of the rest the first until the list is long enough.
function mostTelling(events: RunEvent[]): RunEvent[] {
  let room = EVENTS_FIRST - events.filter((event) => severityOf(event.severity) !== 'info').length;
  return events.filter((event) => severityOf(event.severity) !== 'info' || room-- > 0);
}

export function EventsTable({ run }: { run: Run }) {
  const isWhole = useSignal(run.events.length <= EVENTS_FIRST);
  const shown = isWhole.value ? run.events : mostTelling(run.events);
  return (
    <>
      <ol class="events">
        {shown.map((event, index) => {
          const severity = severityOf(event.severity);
          return (
            <li key={index}>
              <span class={`sign ${severity}`} aria-hidden="true">{SIGNS[severity]}</span>
              <span class="when">
                {formatOffset(sinceStart(run, event.time_ms), run.wall_seconds)} <span class="quiet">{clockTime(event.time_ms, run.wall_seconds)}</span>
              </span>
              <span class="what"><span class="sr-only">{severity}: </span><bdi>{visible(event.text)}</bdi></span>
            </li>
          );
        })}
      </ol>
      {!isWhole.value && <button type="button" class="more" onClick={() => { isWhole.value = true; }}>Show all {formatCount(run.events.length)} events</button>}
    </>
  );
}
