// SPDX-License-Identifier: Apache-2.0
// A figure, or the quiet word that there is none: what the kernel did not tell is never shown as 0.
import type { Maybe } from '../data/run_json';

export const UNTOLD = 'not told by this kernel';

export function Told({ value, format }: { value: Maybe<number>; format: (value: number) => string }) {
  return value === null ? <span class="untold" title={UNTOLD}>–<span class="sr-only"> {UNTOLD}</span></span> : <>{format(value)}</>;
}
