// SPDX-License-Identifier: Apache-2.0
// A heap as the report carries it (docs/formats/report.md, "heap"): a call tree with what each call holds by
// itself at several moments; and what a flame graph needs of it: totals, the inverted tree, and a layout made
// once, in typed arrays.

export interface HeapMoment {
  name: string;
  isGrowth: boolean;
  interval: [number, number]; // of the whole, 95 %
  own: Float64Array; // bytes by node
}

export interface Tree {
  parents: Uint32Array; // less than the node's own number; node 0 is the root
  frames: Uint32Array;
}

export interface Heap extends Tree {
  isExact: boolean;
  texts: string[];
  functions: number[]; // by frame: numbers of texts
  files: number[];
  modules: number[];
  lines: number[];
  moments: HeapMoment[];
}

interface HeapJson {
  is_exact: boolean;
  texts: string[];
  functions: number[];
  files: number[];
  modules: number[];
  lines: number[];
  parents: number[];
  frames: number[];
  moments: { name: string; measure: string; interval: [number, number]; nodes: number[]; bytes: number[] }[];
}

// Null when there is no heap in it, or one with nothing in it.
export function readHeap(json: unknown): Heap | null {
  const heap = json as HeapJson | null | undefined;
  if (!heap || !Array.isArray(heap.parents) || heap.parents.length < 2 || !Array.isArray(heap.moments) || heap.moments.length === 0) return null;
  const size = heap.parents.length;
  const moments = heap.moments.map((moment) => {
    const own = new Float64Array(size);
    let node = 0;
    moment.nodes.forEach((step, order) => {
      node += step;
      own[node] = moment.bytes[order]!;
    });
    return { name: moment.name, isGrowth: moment.measure === 'growth', interval: moment.interval, own };
  });
  const { texts, functions, files, modules, lines } = heap;
  return { isExact: heap.is_exact, texts, functions, files, modules, lines, parents: Uint32Array.from(heap.parents), frames: Uint32Array.from(heap.frames), moments };
}

export const functionOf = (heap: Heap, frame: number): string => heap.texts[heap.functions[frame]!] ?? '';
export function placeOf(heap: Heap, frame: number): string {
  const file = heap.texts[heap.files[frame]!] ?? '';
  if (file === '') return heap.texts[heap.modules[frame]!] ?? '';
  const line = heap.lines[frame]!;
  const base = file.slice(file.lastIndexOf('/') + 1);
  return line > 0 ? `${base}:${line}` : base;
}

// What to draw of a moment: all of it, or what it has more than another. Less than nothing is not drawn.
export function ownBytes(heap: Heap, moment: number, since: number | null): Float64Array {
  const now = heap.moments[moment]!.own;
  const before = since === null ? null : heap.moments[since]!.own;
  const own = new Float64Array(now.length);
  for (let node = 0; node < own.length; node += 1) own[node] = Math.max(0, now[node]! - (before ? before[node]! : 0));
  return own;
}

export function totals(tree: Tree, own: Float64Array): Float64Array {
  const all = Float64Array.from(own);
  for (let node = all.length - 1; node > 0; node -= 1) all[tree.parents[node]!]! += all[node]!;
  return all;
}

const NODES_MAX = 500_000;

// Each caller below what it calls. Of what would be more nodes than that the largest leaves are taken.
export function inverted(tree: Tree, own: Float64Array, framesCount: number): { tree: Tree; own: Float64Array } {
  const leaves: number[] = [];
  for (let node = 1; node < own.length; node += 1) if (own[node]! > 0) leaves.push(node);
  leaves.sort((a, b) => own[b]! - own[a]!);
  const parents = [0];
  const frames = [0];
  const bytes = [0];
  const children = new Map<number, number>();
  for (const leaf of leaves) {
    if (parents.length >= NODES_MAX) break;
    let below = 0;
    for (let node = leaf; node !== 0; node = tree.parents[node]!) {
      const key = below * framesCount + tree.frames[node]!;
      let child = children.get(key);
      if (child === undefined) {
        child = parents.length;
        children.set(key, child);
        parents.push(below);
        frames.push(tree.frames[node]!);
        bytes.push(0);
      }
      below = child;
    }
    bytes[below]! += own[leaf]!;
  }
  return { tree: { parents: Uint32Array.from(parents), frames: Uint32Array.from(frames) }, own: Float64Array.from(bytes) };
}

// Boxes row by row (the root's is row 0), in each from left to right; places are parts of the whole width.
export interface Layout {
  nodes: Uint32Array; // by box
  begins: Float64Array;
  widths: Float64Array;
  rows: Uint32Array; // row r is boxes rows[r] to rows[r + 1]
  boxes: Uint32Array; // by node: its box plus one, 0 for none
  totals: Float64Array; // by node
}

// The largest child stands first; what holds nothing has no box.
export function layoutOf(tree: Tree, own: Float64Array): Layout {
  const all = totals(tree, own);
  const size = all.length;
  const { starts, children } = childrenOf(tree, all);
  const nodes = new Uint32Array(size);
  const begins = new Float64Array(size);
  const widths = new Float64Array(size);
  const boxes = new Uint32Array(size);
  const rows = [0];
  const whole = all[0]! || 1;
  let count = 1;
  widths[0] = all[0]! > 0 ? 1 : 0;
  boxes[0] = 1;
  for (let from = 0; from < count;) {
    const until = count;
    rows.push(until);
    for (let box = from; box < until; box += 1) {
      const node = nodes[box]!;
      let at = begins[box]!;
      for (let next = starts[node]!; next < starts[node + 1]!; next += 1) {
        const child = children[next]!;
        nodes[count] = child;
        begins[count] = at;
        widths[count] = all[child]! / whole;
        boxes[child] = count + 1;
        at += widths[count]!;
        count += 1;
      }
    }
    from = until;
  }
  return {
    nodes: nodes.subarray(0, count), begins: begins.subarray(0, count), widths: widths.subarray(0, count), rows: Uint32Array.from(rows), boxes, totals: all,
  };
}

// Of each node those that hold something, the largest first: children[starts[node]] to children[starts[node + 1]].
function childrenOf(tree: Tree, all: Float64Array): { starts: Uint32Array; children: Uint32Array } {
  const starts = new Uint32Array(all.length + 1);
  for (let node = 1; node < all.length; node += 1) if (all[node]! > 0) starts[tree.parents[node]! + 1]! += 1;
  for (let node = 0; node < all.length; node += 1) starts[node + 1]! += starts[node]!;
  const next = Uint32Array.from(starts);
  const children = new Uint32Array(starts[all.length]!);
  for (let node = 1; node < all.length; node += 1) if (all[node]! > 0) children[next[tree.parents[node]!]!++] = node;
  for (let node = 0; node < all.length; node += 1) {
    if (starts[node + 1]! - starts[node]! > 1) children.subarray(starts[node]!, starts[node + 1]!).sort((a, b) => all[b]! - all[a]!);
  }
  return { starts, children };
}

export interface FunctionRow {
  frame: number;
  own: number;
  withCallees: number;
}

// By function: one that calls itself has its part once. The largest first.
export function functionRows(heap: Heap, tree: Tree, own: Float64Array): FunctionRow[] {
  const all = totals(tree, own);
  const rows = new Map<string, FunctionRow>();
  const keyOf = (frame: number): string => `${heap.functions[frame]!} ${heap.modules[frame]!}`;
  for (let node = 1; node < all.length; node += 1) {
    if (all[node]! <= 0) continue;
    const frame = tree.frames[node]!;
    const key = keyOf(frame);
    let row = rows.get(key);
    if (!row) {
      row = { frame, own: 0, withCallees: 0 };
      rows.set(key, row);
    }
    row.own += own[node]!;
    let isOutermost = true;
    for (let above = tree.parents[node]!; above !== 0 && isOutermost; above = tree.parents[above]!) isOutermost = keyOf(tree.frames[above]!) !== key;
    if (isOutermost) row.withCallees += all[node]!;
  }
  return [...rows.values()].sort((a, b) => b.own - a.own || b.withCallees - a.withCallees);
}
