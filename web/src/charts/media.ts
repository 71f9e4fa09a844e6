// SPDX-License-Identifier: Apache-2.0
// Whether the page is being printed, and a count that rises whenever the colours change, so that what is
// drawn on canvas can be drawn again. While printing, <html data-print> gives the light colours: the
// print style is not in force yet when `beforeprint` fires.
import { batch, signal } from '@preact/signals';

export const printing = signal(false);
export const paletteChanges = signal(0);
// Inside A4's and Letter's margins, in CSS pixels.
export const PRINT_WIDTH_PX = 690;

function setPrinting(now: boolean): void {
  document.documentElement.toggleAttribute('data-print', now);
  batch(() => {
    printing.value = now;
    paletteChanges.value += 1;
  });
}

export function watchMedia(): void {
  window.addEventListener('beforeprint', () => setPrinting(true));
  window.addEventListener('afterprint', () => setPrinting(false));
  window.matchMedia('print').addEventListener('change', (event) => setPrinting(event.matches));
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    paletteChanges.value += 1;
  });
}

export const cssColor = (variable: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
