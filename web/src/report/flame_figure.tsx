// SPDX-License-Identifier: Apache-2.0
// The flame graph with what steers it: the moment, since when, inverted, a search, zoom; pointer, keys, spoken
// values and a table twin.
import { effect, useSignal, type Signal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { boxAt, drawFlame, neighbour, ROW_PX, rowOf, type FlameColors, type FlameLook, type FlameView } from '../charts/flame';
import { cssColor, paletteChanges, printing, PRINT_WIDTH_PX } from '../charts/media';
import { functionOf, functionRows, inverted, layoutOf, ownBytes, placeOf, type Heap, type Layout, type Tree } from '../data/heap';
import { visible } from '../data/text';
import { formatBytes, formatRatio } from '../data/units';

const HEIGHT_MAX_PX = 560;
const PRINT_ROWS_MAX = 45;
const KINDS = 8;
const TABLE_ROWS = 200;

interface Drawn {
  tree: Tree;
  own: Float64Array;
  recorded: Float64Array; // own bytes by the nodes of the heap itself, inverted or not
  layout: Layout;
}

export function FlameFigure({ heap }: { heap: Heap }) {
  const moment = useSignal(0);
  const since = useSignal<number | null>(null);
  const isInverted = useSignal(false);
  const search = useSignal('');
  const searchField = useRef<HTMLInputElement>(null);
  const drawn = useMemo<Drawn>(() => {
    const own = ownBytes(heap, moment.value, since.value);
    const turned = isInverted.value ? inverted(heap, own, heap.functions.length) : { tree: heap, own };
    return { ...turned, recorded: own, layout: layoutOf(turned.tree, turned.own) };
  }, [heap, moment.value, since.value, isInverted.value]);
  const found = useMemo(() => matches(heap, drawn, search.value), [heap, drawn, search.value]);
  const chosen = heap.moments[moment.value]!;
  return (
    <figure class="chart flame">
      <figcaption>
        <h3>Who holds the memory</h3>
        <div class="steer">
          <label>Moment <Choice value={moment} names={heap.moments.map((one) => one.name)} /></label>
          <label>
            Only what grew since{' '}
            <select value={String(since.value ?? '')} onChange={(event) => { since.value = event.currentTarget.value === '' ? null : Number(event.currentTarget.value); }}>
              <option value="">–</option>
              {heap.moments.map((one, order) => order !== moment.value && !one.isGrowth && <option key={order} value={order}>{visible(one.name)}</option>)}
            </select>
          </label>
          <label><input type="checkbox" checked={isInverted.value} onChange={(event) => { isInverted.value = event.currentTarget.checked; }} /> Inverted</label>
          <label>Search <input ref={searchField} type="search" size={16} value={search.value} onInput={(event) => { search.value = event.currentTarget.value; }} /></label>
        </div>
      </figcaption>
      <FlameCanvas key={`${moment.value} ${since.value} ${isInverted.value}`} {...{ heap, drawn, found, searchField }} />
      <p class="note">
        {formatBytes(drawn.layout.totals[0]!)}{heap.isExact ? ', counted exactly' : since.value === null ? `, sampled: ${formatBytes(chosen.interval[0])} to ${formatBytes(chosen.interval[1])} (95 %)` : ', sampled'}.
        {found && ` Found: ${formatBytes(found.bytes)}, ${formatRatio(drawn.layout.totals[0]! > 0 ? found.bytes / drawn.layout.totals[0]! : 0)}.`}
        {' '}Each box stands below {isInverted.value ? 'what it calls' : 'its caller'}; its width is what it holds. Click or Enter zooms, Escape goes back.
      </p>
      <FunctionTable {...{ heap, drawn }} />
    </figure>
  );
}

function Choice({ value, names }: { value: Signal<number>; names: string[] }) {
  return (
    <select value={String(value.value)} onChange={(event) => { value.value = Number(event.currentTarget.value); }}>
      {names.map((name, order) => <option key={order} value={order}>{visible(name)}</option>)}
    </select>
  );
}

interface Found {
  isFrame: Uint8Array;
  bytes: number; // of all stacks with one in it
}

function matches(heap: Heap, { tree, layout }: Drawn, text: string): Found | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return null;
  const isFrame = new Uint8Array(heap.functions.length);
  for (let frame = 0; frame < isFrame.length; frame += 1) {
    if (functionOf(heap, frame).toLowerCase().includes(wanted) || placeOf(heap, frame).toLowerCase().includes(wanted)) isFrame[frame] = 1;
  }
  let bytes = 0;
  const isWithin = new Uint8Array(tree.parents.length);
  for (let node = 1; node < isWithin.length; node += 1) {
    if (isWithin[tree.parents[node]!]) isWithin[node] = 1;
    else if (isFrame[tree.frames[node]!]) {
      isWithin[node] = 1;
      bytes += layout.totals[node]!;
    }
  }
  return { isFrame, bytes };
}

interface CanvasProps {
  heap: Heap;
  drawn: Drawn;
  found: Found | null;
  searchField: { current: HTMLInputElement | null };
}

function FlameCanvas({ heap, drawn, found, searchField }: CanvasProps) {
  const { layout, tree } = drawn;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const selected = useSignal<number | null>(null);
  const hovered = useSignal<{ box: number; x: number; y: number } | null>(null);
  const zoom = useSignal<[number, number]>([0, 1]);
  const textOf = (box: number): string => boxText(heap, drawn, box);
  const kinds = useMemo(() => moduleKinds(heap), [heap]);
  const names = useMemo(() => heap.functions.map((_, frame) => visible(functionOf(heap, frame))), [heap]);
  const current = useRef<{ look: FlameLook; view: FlameView }>(null);

  useLayoutEffect(() => {
    const colors = { value: readColors() };
    const lookNow = (): FlameLook => ({
      layout, from: zoom.value[0], until: zoom.value[1], selected: selected.value,
      kindOf: (node) => (node === 0 ? KINDS : kinds[tree.frames[node]!]!),
      labelOf: (node) => (node === 0 ? `all, ${formatBytes(layout.totals[0]!)}` : names[tree.frames[node]!]!),
      isMatch: found && ((node) => node !== 0 && found.isFrame[tree.frames[node]!] === 1),
    });
    let asked = 0;
    const draw = (): void => {
      asked = 0;
      if (!canvas.current || !scroll.current) return;
      const view = fit(canvas.current, scroll.current, layout);
      current.current = { look: lookNow(), view };
      const context = canvas.current.getContext('2d')!;
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      drawFlame(context, current.current.look, view, colors.value);
    };
    const ask = (): void => { if (asked === 0) asked = requestAnimationFrame(draw); };
    const stopColors = effect(() => {
      void paletteChanges.value;
      colors.value = readColors();
      if (printing.value) draw();
      else ask();
    });
    const stop = effect(() => {
      void [zoom.value, selected.value];
      ask();
    });
    const observer = new ResizeObserver(ask);
    observer.observe(scroll.current!);
    const box = scroll.current!;
    box.addEventListener('scroll', ask, { passive: true });
    return () => {
      cancelAnimationFrame(asked);
      observer.disconnect();
      box.removeEventListener('scroll', ask);
      stopColors();
      stop();
    };
  }, [heap, drawn, found]);

  const zoomTo = (box: number): void => {
    selected.value = box;
    zoom.value = [layout.begins[box]!, layout.begins[box]! + layout.widths[box]!];
  };
  const select = (box: number): void => {
    selected.value = box;
    scrollTo(scroll.current!, rowOf(layout, box));
    if (layout.begins[box]! < zoom.value[0] - 1e-12 || layout.begins[box]! + layout.widths[box]! > zoom.value[1] + 1e-12) zoomTo(Math.max(0, parentBox(tree, layout, box)));
    selected.value = box;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') searchField.current?.focus();
    else if (event.key === 'Home') zoomTo(0);
    else if (event.key === 'Enter' && selected.value !== null) zoomTo(selected.value);
    else if (event.key === 'Escape') {
      if (zoom.value[0] === 0 && zoom.value[1] === 1) selected.value = null;
      else zoomTo(Math.max(0, zoomedBox(tree, layout, selected.value, zoom.value)));
    } else if (event.key.startsWith('Arrow')) {
      const next = selected.value === null ? 0 : neighbour(layout, tree.parents, selected.value, event.key);
      if (next !== null) select(next);
    } else return;
    event.preventDefault();
  };
  const at = (event: MouseEvent): number | null => {
    const bounds = canvas.current!.getBoundingClientRect();
    return current.current && boxAt(current.current.look, current.current.view, event.clientX - bounds.left, event.clientY - bounds.top);
  };
  return (
    <>
      <div
        class="flame-scroll" ref={scroll} tabIndex={0} role="application" aria-roledescription="flame graph"
        aria-label="Call tree by memory. Up and down go to caller and callee, left and right along the row, Enter zooms, Escape goes back, slash searches."
        onKeyDown={onKeyDown}
      >
        <div class="flame-rows">
          <canvas
            ref={canvas} aria-hidden="true"
            onClick={(event) => { const box = at(event); if (box !== null) zoomTo(box); }}
            onMouseMove={(event) => {
              const box = at(event);
              const bounds = canvas.current!.getBoundingClientRect();
              hovered.value = box === null ? null : { box, x: event.clientX - bounds.left, y: event.clientY - bounds.top };
            }}
            onMouseLeave={() => { hovered.value = null; }}
          />
          {hovered.value && <Tip text={textOf(hovered.value.box)} x={hovered.value.x} y={hovered.value.y} widthPx={current.current?.view.widthPx ?? 0} />}
        </div>
      </div>
      <p class="flame-chosen" aria-live="polite">{selected.value === null ? ' ' : textOf(selected.value)}</p>
    </>
  );
}

function Tip({ text, x, y, widthPx }: { text: string; x: number; y: number; widthPx: number }) {
  const side = x > widthPx / 2 ? { right: `${widthPx - x + 12}px` } : { left: `${x + 12}px` };
  return <div class="flame-tip" style={{ ...side, top: `${y + 14}px` }}>{text}</div>;
}

function boxText(heap: Heap, { tree, own, layout }: Drawn, box: number): string {
  const node = layout.nodes[box]!;
  const held = `${formatBytes(layout.totals[node]!)} (${formatRatio(layout.totals[0]! > 0 ? layout.totals[node]! / layout.totals[0]! : 0)})`;
  if (node === 0) return `all: ${held}`;
  const frame = tree.frames[node]!;
  const itself = own[node]! > 0 && own[node]! < layout.totals[node]! ? `, ${formatBytes(own[node]!)} by itself` : '';
  return `${visible(functionOf(heap, frame))} · ${visible(placeOf(heap, frame))}: ${held}${itself}`;
}

const parentBox = (tree: Tree, layout: Layout, box: number): number => layout.boxes[tree.parents[layout.nodes[box]!]!]! - 1;

// Where Escape goes: the caller of what fills the width.
function zoomedBox(tree: Tree, layout: Layout, selected: number | null, zoom: [number, number]): number {
  for (let box = selected ?? 0; box > 0; box = parentBox(tree, layout, box)) {
    if (layout.widths[box]! > (zoom[1] - zoom[0]) * (1 + 1e-9)) return box;
  }
  return 0;
}

function scrollTo(scroll: HTMLElement, row: number): void {
  const top = row * ROW_PX;
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  else if (top + ROW_PX > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + ROW_PX - scroll.clientHeight;
}

// The canvas is as large as what is in sight; the rows' height stands beside it for the scroll bar.
function fit(canvas: HTMLCanvasElement, scroll: HTMLElement, layout: Layout): FlameView {
  const rows = layout.rows.length - 1;
  const full = rows * ROW_PX;
  const limit = printing.value ? PRINT_ROWS_MAX * ROW_PX : HEIGHT_MAX_PX;
  const heightPx = Math.min(full, limit);
  const widthPx = printing.value ? PRINT_WIDTH_PX : scroll.clientWidth;
  const holder = canvas.parentElement!;
  if (holder.style.height !== `${full}px`) holder.style.height = `${printing.value ? heightPx : full}px`;
  const [width, height] = [Math.round(widthPx * devicePixelRatio), Math.round(heightPx * devicePixelRatio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${widthPx}px`;
    canvas.style.height = `${heightPx}px`;
  }
  return { widthPx, topPx: printing.value ? 0 : scroll.scrollTop, heightPx };
}

// Modules share colours, the program's own (the first that is named) has the first.
function moduleKinds(heap: Heap): Uint8Array {
  const order = new Map<number, number>();
  return Uint8Array.from(heap.modules, (module) => {
    if (!order.has(module)) order.set(module, order.size % KINDS);
    return order.get(module)!;
  });
}

function luminance(color: string): number {
  const parts = /^#(..)(..)(..)/.exec(color);
  if (!parts) return 1;
  const [red, green, blue] = parts.slice(1).map((part) => {
    const share = parseInt(part, 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
const inkOn = (color: string): string => (luminance(color) > 0.19 ? '#000000' : '#ffffff');

function readColors(): FlameColors {
  const fills = Array.from({ length: KINDS }, (_, order) => cssColor(`--flame-${order + 1}`));
  fills.push(cssColor('--layer-others'));
  const match = cssColor('--orange');
  return {
    fills, inks: fills.map(inkOn), rest: cssColor('--rule'), quiet: cssColor('--grid'), quietInk: cssColor('--ink-quiet'),
    match, matchInk: inkOn(match), edge: cssColor('--surface'), focus: cssColor('--ink'),
  };
}

function FunctionTable({ heap, drawn }: { heap: Heap; drawn: Drawn }) {
  const isOpen = useSignal(false);
  return (
    <details class="twin" onToggle={(event) => { isOpen.value = event.currentTarget.open; }}>
      <summary>Figures as a table<span class="sr-only">: who holds the memory</span></summary>
      {isOpen.value && <Rows {...{ heap, drawn }} />}
    </details>
  );
}

function Rows({ heap, drawn }: { heap: Heap; drawn: Drawn }) {
  const rows = useMemo(() => functionRows(heap, heap, drawn.recorded).slice(0, TABLE_ROWS), [heap, drawn]);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Who holds the memory: table">
      <table>
        <thead><tr><th scope="col" class="text">Function</th><th scope="col" class="text">Where</th><th scope="col">By itself</th><th scope="col">With what it calls</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.frame}>
              <th scope="row"><bdi>{visible(functionOf(heap, row.frame))}</bdi></th>
              <td class="text">{visible(placeOf(heap, row.frame))}</td>
              <td>{formatBytes(row.own)}</td>
              <td>{formatBytes(row.withCallees)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
