// SPDX-License-Identifier: Apache-2.0
// Keys on a chart: ← → move by one moment (with Shift by ten), Page Up and Down by a tenth of what is
// shown, Home and End to its ends, + and − zoom, Escape lets go.
import { nearestIndex } from '../data/series';
import { zoomBy, type ChartGroup } from './group';

// True when the key was for the chart.
export function moveCursor(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>, group: ChartGroup): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || group.axis.seconds.length === 0) return false;
  const { seconds, spanSeconds } = group.axis;
  const [from, to] = group.zoom.value ?? [0, spanSeconds];
  const first = nearestIndex(seconds, from);
  const last = nearestIndex(seconds, to);
  const page = Math.max(1, Math.round((last - first) / 10));
  const step = event.shiftKey ? 10 : 1;
  const index = group.cursorIndex.value;
  const moveTo = (wanted: number): true => {
    group.cursorIndex.value = Math.min(last, Math.max(first, wanted));
    return true;
  };
  switch (event.key) {
    case 'ArrowRight': return moveTo(index === null ? first : index + step);
    case 'ArrowLeft': return moveTo(index === null ? last : index - step);
    case 'PageUp': return moveTo((index ?? last) - page);
    case 'PageDown': return moveTo((index ?? first) + page);
    case 'Home': return moveTo(first);
    case 'End': return moveTo(last);
    case '+': case '=': zoomBy(group, 0.5); return true;
    case '-': zoomBy(group, 2); return true;
    case 'Escape': return letGo(group);
    default: return false;
  }
}

function letGo(group: ChartGroup): boolean {
  if (group.cursorIndex.value === null && group.zoom.value === null) return false;
  group.cursorIndex.value = null;
  group.zoom.value = null;
  return true;
}
