// SPDX-License-Identifier: Apache-2.0
// Pure derivations over the columns of a report: rates of counters, sums, stacks, thinning, extremes.
// A column has one entry a moment of `times_ms`; null is a gap and stays one.
import type { Column, Maybe, ReportData, SeriesJson } from './run_json';

export function findSeries(data: ReportData, name: string, labels: Record<string, string> = {}): SeriesJson[] {
  const wanted = Object.entries(labels);
  return data.series.filter((one) => one.name === name && wanted.every(([label, value]) => one.labels[label] === value));
}

// The one series of that name, or the sum of all of them (a counter of several devices or modes).
export function column(data: ReportData, name: string, labels: Record<string, string> = {}): Maybe<Column> {
  const found = findSeries(data, name, labels).map((one) => one.values);
  return found.length === 0 ? null : found.length === 1 ? found[0]! : sum(found);
}

export const hasValues = (values: Maybe<Column>): values is Column => values !== null && values.some((value) => value !== null);

export const hasMoreThanZeros = (values: Maybe<Column>): values is Column =>
  values !== null && values.some((value) => value !== null && value !== 0);

// null only where all are null.
export function sum(columns: Column[]): Column {
  const length = Math.max(0, ...columns.map((one) => one.length));
  return Array.from({ length }, (_, index) => {
    let total: Maybe<number> = null;
    for (const one of columns) {
      const value = one[index] ?? null;
      if (value !== null) total = (total ?? 0) + value;
    }
    return total;
  });
}

export function atMost(values: Column, most: number): Column {
  return values.map((value) => (value === null ? null : Math.min(value, most)));
}

export function scaled(values: Column, factor: number): Column {
  return values.map((value) => (value === null ? null : value * factor));
}

// What a counter grew by a second, from the time that really passed. Looks back at least windowMs, so that
// counters of coarse steps (CPU time comes in ticks of 10 ms) do not flicker. A counter that fell was
// reset: what it has grown to since is not known, so there is no rate across the fall.
export function rate(values: Column, timesMs: number[], windowMs: number): Column {
  const known: number[] = []; // indices of values since the last reset
  let from = 0; // into known: the latest that is at least windowMs back, else the first
  return values.map((value, index) => {
    if (value === null) return null;
    const last = known[known.length - 1];
    if (last !== undefined && value < values[last]!) {
      known.length = 0;
      from = 0;
    }
    known.push(index);
    while (from + 2 < known.length && timesMs[known[from + 1]!]! <= timesMs[index]! - windowMs) from += 1;
    const earlier = known[from]!;
    const elapsedSeconds = (timesMs[index]! - timesMs[earlier]!) / 1000;
    return elapsedSeconds > 0 ? (value - values[earlier]!) / elapsedSeconds : null;
  });
}

// A gauge that is read less often than the run is stored stands until its next read.
export function held(values: Column): Column {
  const end = values.reduce<number>((last, value, index) => (value === null ? last : index), -1);
  let standing: Maybe<number> = null;
  return values.map((value, index) => (index > end ? null : (standing = value ?? standing)));
}

// Where a counter was read: one that is read less often than the run is stored has gaps in between. Reads closer
// than atLeastMs are passed over, for the sake of a calm rate.
export function readsOf(counter: Column, timesMs: number[], atLeastMs: number): number[] {
  const reads: number[] = [];
  counter.forEach((value, index) => {
    if (value === null) return;
    const previous = reads[reads.length - 1];
    if (previous === undefined || timesMs[index]! - timesMs[previous]! >= atLeastMs) reads.push(index);
  });
  return reads;
}

// Where a counter moved, and its last value: for one that is a sum of what is read now and then, and stands
// still in between.
export function movesOf(counter: Column, timesMs: number[], atLeastMs: number): number[] {
  const isMove = (value: Maybe<number>, index: number): boolean =>
    value !== null && (index === counter.length - 1 || value !== (counter[index - 1] ?? null));
  return readsOf(counter.map((value, index) => (isMove(value, index) ? value : null)), timesMs, atLeastMs);
}

// From each read to the next, what the counter grew by for each unit that the scale grew by (a column, such as
// the time in seconds); all moments between two reads have the same. Not known before the first two reads
// and after the last.
export function rateBetweenReads(values: Column, scale: Column, reads: number[]): Column {
  const rates: Column = values.map(() => null);
  for (let at = 1; at < reads.length; at += 1) {
    const [from, to] = [reads[at - 1]!, reads[at]!];
    const [before, after, scaleBefore, scaleAfter] = [values[from], values[to], scale[from], scale[to]];
    if (before == null || after == null || scaleBefore == null || scaleAfter == null || after < before || scaleAfter <= scaleBefore) continue;
    rates.fill((after - before) / (scaleAfter - scaleBefore), from + 1, to + 1);
  }
  return rates;
}

// Long enough to be calm, short beside the run.
export function rateWindowMs(timesMs: number[]): number {
  const spanMs = timesMs.length > 1 ? timesMs[timesMs.length - 1]! - timesMs[0]! : 0;
  return Math.min(200, Math.max(30, spanMs / 40));
}

export function greatest(values: Column): Maybe<number> {
  let most: Maybe<number> = null;
  for (const value of values) if (value !== null && (most === null || value > most)) most = value;
  return most;
}

// Running sums for stacked areas, first column at the bottom. A gap counts as nothing where another has a value.
export function stacked(columns: Column[]): Column[] {
  const length = Math.max(0, ...columns.map((one) => one.length));
  const tops: Column[] = columns.map(() => new Array<Maybe<number>>(length).fill(null));
  for (let index = 0; index < length; index += 1) {
    if (columns.every((one) => (one[index] ?? null) === null)) continue;
    let top = 0;
    columns.forEach((one, layer) => {
      top += one[index] ?? 0;
      tops[layer]![index] = top;
    });
  }
  return tops;
}

// The index of the moment nearest to timeMs; times are in order.
export function nearestIndex(timesMs: number[], timeMs: number): number {
  let low = 0;
  let high = timesMs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && timeMs - timesMs[low - 1]! <= timesMs[low]! - timeMs) return low - 1;
  return low;
}
