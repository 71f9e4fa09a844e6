// SPDX-License-Identifier: Apache-2.0
// The run's phases and events on the time axis that all charts of the report share.
import { chartGroup, inLanes, timeAxis, type ChartGroup, type Mark, type Severity } from '../charts/group';
import type { ReportData, Run } from '../data/run_json';
import { visible } from '../data/text';

export function groupOf(data: ReportData): ChartGroup {
  const { run } = data;
  const axis = timeAxis(run.started_ms, data.times_ms, run.wall_seconds);
  const bands = run.phases.map((phase) => ({
    label: visible(phase.name),
    fromSeconds: sinceStart(run, phase.begin_ms),
    toSeconds: phase.end_ms === null ? axis.spanSeconds : sinceStart(run, phase.end_ms),
  }));
  return chartGroup(axis, inLanes(bands), run.events.map((event): Mark => ({
    atSeconds: sinceStart(run, event.time_ms), severity: severityOf(event.severity), text: visible(event.text),
  })));
}

export const sinceStart = (run: Run, timeMs: number): number => (timeMs - run.started_ms) / 1000;

export const severityOf = (severity: string): Severity =>
  severity === 'warning' || severity === 'critical' ? severity : 'info';
