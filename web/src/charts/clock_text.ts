// SPDX-License-Identifier: Apache-2.0
// Moments by the clock: in UTC, as a report is read in other places than where it was made; in local time
// where the page is live.

export function clockTime(timeMs: number, spanSeconds: number, stepSeconds = Infinity): string {
  const iso = new Date(timeMs).toISOString();
  if (spanSeconds < 60 || stepSeconds < 1) return iso.slice(11, 22); // hundredths
  return spanSeconds < 86400 ? iso.slice(11, 19) : `${iso.slice(5, 10)} ${iso.slice(11, 19)}`;
}

export function dateTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

export function localTime(timeMs: number, withSeconds = true): string {
  const date = new Date(timeMs);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}${withSeconds ? `:${twoDigits(date.getSeconds())}` : ''}`;
}

export function localDateTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${localTime(timeMs)}`;
}
