// SPDX-License-Identifier: Apache-2.0
// Sizes, durations and ratios as text, the same as src/base/units.cpp prints them; both are held to
// web/testdata/units.json.

// Ties go to the even digit, as printf and fmt have it; toFixed sends them up.
export function fixed(value: number, decimals: number): string {
  const scaled = Math.abs(value) * 10 ** decimals;
  const floor = Math.floor(scaled);
  // Only a multiple of a power of two can lie exactly between; 12.35 is stored as a little less.
  const isTie = scaled - floor === 0.5 && Number.isInteger(value * 2 ** (decimals + 1));
  if (!isTie) return value.toFixed(decimals);
  const even = floor % 2 === 0 ? floor : floor + 1;
  return (value < 0 ? '-' : '') + (even / 10 ** decimals).toFixed(decimals);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

export function formatBytes(bytes: number): string {
  let unit = 0;
  let shown = Math.abs(bytes);
  while (shown >= 1023.5 && unit + 1 < BYTE_UNITS.length) {
    shown /= 1024;
    unit += 1;
  }
  const decimals = unit === 0 || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? '-' : ''}${fixed(shown, decimals)} ${BYTE_UNITS[unit]}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

export function formatDuration(seconds: number): string {
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds < 1e-3) return `${fixed(seconds * 1e6, 0)} µs`;
  if (seconds < 0.9995) return `${fixed(seconds * 1e3, 0)} ms`;
  if (seconds < 9.995) return `${fixed(seconds, 2)} s`;
  if (seconds < 59.95) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${twoDigits(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${twoDigits(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d ${twoDigits(Math.floor((whole % 86400) / 3600))}h`;
}

export function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  return `${fixed(percent, percent !== 0 && Math.abs(percent) < 9.95 ? 1 : 0)} %`;
}

export const formatByteRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

// As format_cores and format_count of src/run/words.cpp.
export function formatCores(cores: number): string {
  if (cores !== 0 && cores < 0.95) return String(Number((cores < 0.005 ? 0 : Math.round(cores * 100) / 100).toPrecision(2)));
  return String(Math.round(cores * 10) / 10);
}

export function formatCount(count: number): string {
  if (!Number.isInteger(count)) return String(Number(count.toPrecision(3)));
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

// A moment of the run, in seconds since its start, with as many digits as the run's length asks for; more
// when the moments lie closer than that.
export function formatOffset(seconds: number, spanSeconds: number, stepSeconds = Infinity): string {
  if (seconds < 0) return `-${formatOffset(-seconds, spanSeconds, stepSeconds)}`;
  if (spanSeconds < 1) return `${fixed(seconds * 1e3, spanSeconds < 0.02 ? 1 : 0)} ms`;
  if (spanSeconds < 60) return `${fixed(seconds, spanSeconds < 10 ? 2 : 1)} s`;
  const decimals = stepSeconds >= 1 ? 0 : stepSeconds >= 0.1 ? 1 : 2;
  const told = Number(seconds.toFixed(decimals));
  const [hours, minutes] = [Math.floor(told / 3600), Math.floor((told % 3600) / 60)];
  const rest = fixed(told % 60, decimals).padStart(decimals > 0 ? 3 + decimals : 2, '0');
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${twoDigits(minutes)}:${rest}`;
}
