// SPDX-License-Identifier: Apache-2.0
// What the charts of one page share: one time axis, where the cursor stands on it, and which part is shown.
import { signal, type Signal } from '@preact/signals';

export interface Band {
  label: string;
  fromSeconds: number;
  toSeconds: number;
  lane: number; // 0 at the bottom; bands that overlap lie in lanes of their own
}

export type Severity = 'info' | 'warning' | 'critical';

export interface Mark {
  atSeconds: number;
  severity: Severity;
  text: string;
}

export interface TimeAxis {
  startMs: number; // what 0 seconds is
  timesMs: number[];
  seconds: number[]; // the same moments since startMs
  spanSeconds: number;
  stepSeconds: number; // between two moments, on average
  isByClock?: boolean; // moments are told by the clock of whoever looks, not since the start: of what is live
}

export interface ChartGroup {
  axis: TimeAxis;
  bands: Band[];
  marks: Mark[];
  cursorIndex: Signal<number | null>; // into axis.seconds
  zoom: Signal<[number, number] | null>; // seconds; null: all
}

export function timeAxis(startMs: number, timesMs: number[], atLeastSeconds: number): TimeAxis {
  const seconds = timesMs.map((timeMs) => (timeMs - startMs) / 1000);
  const spanSeconds = Math.max(atLeastSeconds, seconds[seconds.length - 1] ?? 0, 1e-3);
  const stepSeconds = seconds.length > 1 ? (seconds[seconds.length - 1]! - seconds[0]!) / (seconds.length - 1) : spanSeconds;
  return { startMs, timesMs, seconds, spanSeconds, stepSeconds };
}

export function chartGroup(axis: TimeAxis, bands: Band[], marks: Mark[]): ChartGroup {
  return { axis, bands, marks, cursorIndex: signal(null), zoom: signal(null) };
}

// Puts each band into the lowest lane that is free at its time.
export function inLanes(bands: Omit<Band, 'lane'>[]): Band[] {
  const laneEnds: number[] = [];
  return [...bands]
    .sort((a, b) => a.fromSeconds - b.fromSeconds)
    .map((band) => {
      const free = laneEnds.findIndex((end) => end <= band.fromSeconds + 1e-6);
      const lane = free < 0 ? laneEnds.length : free;
      laneEnds[lane] = band.toSeconds;
      return { ...band, lane };
    });
}

// Zooms by factor around the cursor, or around the middle without one.
export function zoomBy(group: ChartGroup, factor: number): void {
  const [from, to] = group.zoom.value ?? [0, group.axis.spanSeconds];
  const index = group.cursorIndex.value;
  const centre = index === null ? (from + to) / 2 : group.axis.seconds[index]!;
  const width = (to - from) * factor;
  if (width >= group.axis.spanSeconds) {
    group.zoom.value = null;
    return;
  }
  const start = Math.min(Math.max(0, centre - ((centre - from) / (to - from)) * width), group.axis.spanSeconds - width);
  group.zoom.value = [start, start + width];
}
