// SPDX-License-Identifier: Apache-2.0
// Moments by the clock, in UTC: a report is read in other places than where it was made.

export function clockTime(timeMs: number, spanSeconds: number, stepSeconds = Infinity): string {
  const iso = new Date(timeMs).toISOString();
  if (spanSeconds < 60 || stepSeconds < 1) return iso.slice(11, 22); // hundredths
  return spanSeconds < 86400 ? iso.slice(11, 19) : `${iso.slice(5, 10)} ${iso.slice(11, 19)}`;
}

export function dateTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
