// SPDX-License-Identifier: Apache-2.0
// A flame graph on a canvas: boxes that were laid out once, of which a frame draws those of half a pixel and
// more. What is narrower is passed over by bisection, so that half a million boxes cost what a screen holds.
import type { Layout } from '../data/heap';

export const ROW_PX = 19;
const LABEL_MIN_PX = 34;
const CHARACTER_PX = 6.7; // of the 11 px monospace that labels are drawn in
const LEAST_PX = 0.5;

export interface FlameColors {
  fills: string[]; // by kind of box
  inks: string[]; // of their labels
  rest: string; // what is too narrow to be a box
  quiet: string; // boxes that a search has not found
  quietInk: string;
  match: string;
  matchInk: string;
  edge: string;
  focus: string;
}

export interface FlameLook {
  layout: Layout;
  from: number; // what part of the width is shown
  until: number;
  selected: number | null; // a box
  kindOf: (node: number) => number;
  labelOf: (node: number) => string;
  isMatch: ((node: number) => boolean) | null; // null: nothing is searched
}

export interface FlameView {
  widthPx: number;
  topPx: number; // scrolled away
  heightPx: number; // in sight
}

// The first box of a row that ends to the right of a place; near ones are found fast.
function firstEndingAfter(layout: Layout, from: number, until: number, place: number): number {
  let low = from;
  let step = 1;
  while (low + step < until && layout.begins[low + step]! + layout.widths[low + step]! <= place) {
    low += step;
    step *= 2;
  }
  let high = Math.min(until, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (layout.begins[middle]! + layout.widths[middle]! > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Calls `box` for each that is wide enough and `rest` for each stretch of those that are not.
export function visitRow(look: FlameLook, row: number, widthPx: number, box: (box: number, x: number, width: number) => void, rest: (x: number, width: number) => void): void {
  const { layout, from, until } = look;
  const scale = widthPx / (until - from);
  const end = layout.rows[row + 1]!;
  const leastWidth = LEAST_PX / scale;
  let index = firstEndingAfter(layout, layout.rows[row]!, end, from);
  while (index < end && layout.begins[index]! < until) {
    const begin = layout.begins[index]!;
    const width = layout.widths[index]!;
    if (width >= leastWidth) {
      const left = Math.max(0, (begin - from) * scale);
      box(index, left, Math.min(widthPx, (begin + width - from) * scale) - left);
      index += 1;
    } else {
      let place = begin;
      do {
        index = Math.max(index + 1, firstEndingAfter(layout, index, end, place + leastWidth));
        place = layout.begins[index - 1]! + layout.widths[index - 1]!;
        // On while the next is narrow too and stands right beside.
      } while (index < end && place < until && layout.widths[index]! < leastWidth && layout.begins[index]! - place < leastWidth);
      rest(Math.max(0, (begin - from) * scale), (Math.min(place, until) - Math.max(begin, from)) * scale);
    }
  }
}

// Boxes by colour, so that a frame sets each colour once. Numbers in turn: x, y, width; and of labels the node.
class Batch {
  private numbers: number[][] = [];
  add(kind: number, x: number, y: number, width: number): void {
    (this.numbers[kind] ??= []).push(x, y, width);
  }
  draw(act: (kind: number, x: number, y: number, width: number) => void, start: (kind: number) => void): void {
    this.numbers.forEach((numbers, kind) => {
      start(kind);
      for (let at = 0; at < numbers.length; at += 3) act(kind, numbers[at]!, numbers[at + 1]!, numbers[at + 2]!);
    });
  }
}

export function drawFlame(context: CanvasRenderingContext2D, look: FlameLook, view: FlameView, colors: FlameColors): void {
  const { layout } = look;
  const kinds = colors.fills.length;
  // After the boxes' own colours: found, not found, too narrow.
  const fills = [...colors.fills, colors.match, colors.quiet, colors.rest];
  const inks = [...colors.inks, colors.matchInk, colors.quietInk];
  const boxes = new Batch();
  const labels: [node: number, kind: number, x: number, y: number, width: number][] = [];
  const firstRow = Math.max(0, Math.floor(view.topPx / ROW_PX));
  const lastRow = Math.min(layout.rows.length - 2, Math.floor((view.topPx + view.heightPx) / ROW_PX));
  for (let row = firstRow; row <= lastRow; row += 1) {
    const y = row * ROW_PX - view.topPx;
    visitRow(look, row, view.widthPx, (box, x, width) => {
      const node = layout.nodes[box]!;
      const kind = look.isMatch === null ? look.kindOf(node) % kinds : look.isMatch(node) ? kinds : kinds + 1;
      boxes.add(kind, x, y, Math.max(LEAST_PX, width > 3 ? width - 1 : width));
      if (width >= LABEL_MIN_PX) labels.push([node, kind, x, y, width]);
    }, (x, width) => boxes.add(kinds + 2, x, y, width));
  }
  context.clearRect(0, 0, view.widthPx, view.heightPx);
  boxes.draw((_, x, y, width) => context.fillRect(x, y, width, ROW_PX - 1), (kind) => { context.fillStyle = fills[kind]!; });
  context.font = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';
  context.textBaseline = 'middle';
  let ink = '';
  for (const [node, kind, x, y, width] of labels) {
    if (inks[kind] !== ink) context.fillStyle = ink = inks[kind]!;
    const label = look.labelOf(node);
    const room = Math.floor((width - 8) / CHARACTER_PX);
    context.fillText(label.length > room ? `${label.slice(0, Math.max(1, room - 1))}…` : label, x + 4, y + ROW_PX / 2);
  }
  drawSelection(context, look, view, colors);
}

function drawSelection(context: CanvasRenderingContext2D, look: FlameLook, view: FlameView, colors: FlameColors): void {
  if (look.selected === null) return;
  const { layout, from, until } = look;
  const scale = view.widthPx / (until - from);
  const left = Math.max(0, (layout.begins[look.selected]! - from) * scale);
  const right = Math.min(view.widthPx, (layout.begins[look.selected]! + layout.widths[look.selected]! - from) * scale);
  if (right < 0 || left > view.widthPx) return;
  context.strokeStyle = colors.focus;
  context.lineWidth = 2;
  context.strokeRect(left + 1, rowOf(layout, look.selected) * ROW_PX - view.topPx + 1, Math.max(2, right - left - 2), ROW_PX - 3);
}

export function rowOf(layout: Layout, box: number): number {
  let low = 0;
  let high = layout.rows.length - 1;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (layout.rows[middle]! <= box) low = middle;
    else high = middle;
  }
  return low;
}

// The box at a place of the canvas, where one was drawn.
export function boxAt(look: FlameLook, view: FlameView, x: number, y: number): number | null {
  const row = Math.floor((y + view.topPx) / ROW_PX);
  const { layout, from, until } = look;
  if (row < 0 || row > layout.rows.length - 2) return null;
  const place = from + (x / view.widthPx) * (until - from);
  const box = firstEndingAfter(layout, layout.rows[row]!, layout.rows[row + 1]!, place);
  return box < layout.rows[row + 1]! && layout.begins[box]! <= place ? box : null;
}

// Where an arrow leads: up to the caller, down to the largest that is called, left and right along the row.
export function neighbour(layout: Layout, parents: Uint32Array, box: number, key: string): number | null {
  const row = rowOf(layout, box);
  if (key === 'ArrowUp') return box === 0 ? null : layout.boxes[parents[layout.nodes[box]!]!]! - 1;
  if (key === 'ArrowLeft') return box > layout.rows[row]! ? box - 1 : null;
  if (key === 'ArrowRight') return box + 1 < layout.rows[row + 1]! ? box + 1 : null;
  if (key !== 'ArrowDown' || row + 2 >= layout.rows.length) return null;
  const below = firstEndingAfter(layout, layout.rows[row + 1]!, layout.rows[row + 2]!, layout.begins[box]!);
  return below < layout.rows[row + 2]! && parents[layout.nodes[below]!] === layout.nodes[box] ? below : null;
}
