// SPDX-License-Identifier: Apache-2.0
// Where the axes put their ticks and what stands at them: binary steps for bytes, clock steps for time.
import { fixed, formatBytes } from '../data/units';

export type Unit = 'bytes' | 'bytes/s' | 'cores' | 'ratio' | 'count';

export const BYTE_STEPS = Array.from({ length: 61 }, (_, power) => 2 ** power);

export const TIME_STEPS = [
  ...[-4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)),
  1, 2, 5, 10, 15, 30,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 7, 14, 28, 56, 112, 365].map((days) => days * 86400),
];

// "1 GiB", not "1.00 GiB".
export const byteTick = (bytes: number): string =>
  bytes === 0 ? '0' : formatBytes(bytes).replace(/(\.\d*?)0+ /, (_, kept) => `${kept === '.' ? '' : kept} `);

// Never rounded: a tick at 0.25 that said 0.3 would put the line in a wrong place.
export function valueTick(value: number, unit: Unit): string {
  if (unit === 'bytes') return byteTick(value);
  if (unit === 'bytes/s') return value === 0 ? '0' : `${byteTick(value)}/s`;
  const exact = Number((unit === 'ratio' ? value * 100 : value).toPrecision(6));
  return unit === 'ratio' ? `${exact} %` : String(exact).replace(/\B(?=(\d{3})+$)/g, ',');
}

// What is common to all ticks is left out: a step of hours names hours, one of seconds "3m 20s".
export function timeTick(seconds: number, stepSeconds: number): string {
  if (seconds === 0) return '0';
  if (stepSeconds < 1e-3) return `${fixed(seconds * 1e3, 1)} ms`;
  if (stepSeconds < 1 && seconds < 1) return `${fixed(seconds * 1e3, 0)} ms`;
  if (stepSeconds < 1) return `${Number(seconds.toFixed(3))} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor((whole % 86400) / 3600), 'h'],
    [Math.floor((whole % 3600) / 60), 'm'],
    [whole % 60, 's'],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return told.join(' ').replace(/^(\d+)s$/, '$1 s');
}

// Where the ticks of an axis by the clock stand, in seconds since its start: at full minutes, quarters and
// hours of local time.
export function clockSplits(startMs: number, from: number, to: number, stepSeconds: number): number[] {
  const offset = startMs / 1000 - new Date(startMs).getTimezoneOffset() * 60;
  const first = Math.ceil((offset + from) / stepSeconds) * stepSeconds - offset;
  const splits: number[] = [];
  for (let at = first; at <= to + 1e-6; at += stepSeconds) splits.push(at);
  return splits;
}
