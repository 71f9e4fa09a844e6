// SPDX-License-Identifier: Apache-2.0
// One uPlot on one element, bound to its group's cursor and zoom. Knows canvas and axes, nothing of Preact.
import { effect } from '@preact/signals';
import uPlot from 'uplot';
import type { Column } from '../data/run_json';
import { greatest, stacked } from '../data/series';
import type { ChartGroup, TimeAxis } from './group';
import { cssColor, paletteChanges, printing, PRINT_WIDTH_PX } from './media';
import { laneSpacePx, paintBands, paintHighlight, paintLimits, paintMarks, type Highlight, type LimitLine } from './paint';
import { localTime } from './clock_text';
import { BYTE_STEPS, clockSplits, TIME_STEPS, timeTick, valueTick, type Unit } from './ticks';

export interface ChartSeries {
  label: string;
  values: Column;
  color: string; // a CSS variable
  dash?: number[];
  isFilled?: boolean;
}

export interface PlotOptions {
  series: ChartSeries[];
  isStacked: boolean;
  unit: Unit;
  format: (value: number) => string;
  limits: LimitLine[];
  highlight: Highlight | null;
  isLeading: boolean; // carries the names of the phases and the signs of the events
  heightPx: number;
}

// The same for every chart, so that all have one time axis.
export const AXIS_WIDTH_PX = 68;
// Half of the widest text that stands at the end of the time axis: 12:34:56.
export const RIGHT_SPACE_PX = 26;
// A limit further than this above all values would flatten them; it is left to the legend. Idle cores are a
// finding of their own, so they are shown from further away.
const limitInSight = (unit: Unit): number => (unit === 'cores' ? 6 : 2.5);

export function limitsInSight(options: Pick<PlotOptions, 'series' | 'isStacked' | 'unit' | 'limits' | 'highlight'>): LimitLine[] {
  const columns = options.series.map((one) => one.values);
  const most = Math.max(options.highlight?.value ?? 0, ...(options.isStacked ? stacked(columns) : columns).map((one) => greatest(one) ?? 0));
  return options.limits.filter((limit) => most > 0 && limit.value <= most * limitInSight(options.unit));
}

// Draws now; the function returned takes the chart away.
export function mountPlot(target: HTMLElement, group: ChartGroup, options: PlotOptions): () => void {
  const columns = options.series.map((one) => one.values);
  // Areas are laid over one another from the tallest to the lowest.
  const drawn = options.isStacked ? stacked(columns).reverse() : columns;
  const data = [group.axis.seconds, ...drawn] as uPlot.AlignedData;
  const plot = new uPlot(uplotOptions(target, group, options), data, target);

  const stops = [followCursor(plot, group), followZoom(plot, group), followPalette(plot, target, options.heightPx)];
  const observer = new ResizeObserver(() => fit(plot, target, options.heightPx));
  observer.observe(target);
  return () => {
    observer.disconnect();
    stops.forEach((stop) => stop());
    plot.destroy();
  };
}

const widthOf = (target: HTMLElement): number => (printing.peek() ? PRINT_WIDTH_PX : Math.max(200, target.clientWidth));

function fit(plot: uPlot, target: HTMLElement, height: number): void {
  const width = widthOf(target);
  if (width !== plot.width) plot.setSize({ width, height });
}

function uplotOptions(target: HTMLElement, group: ChartGroup, options: PlotOptions): uPlot.Options {
  const limits = limitsInSight(options);
  const topSpace = options.isLeading ? laneSpacePx(group.bands) + 6 : 8;
  return {
    width: widthOf(target),
    height: options.heightPx,
    padding: [topSpace, RIGHT_SPACE_PX, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => { group.zoom.value = null; return null; } },
    },
    scales: { x: { time: false, range: () => group.zoom.peek() ?? [0, group.axis.spanSeconds] }, y: { range: (_, __, most) => yRange(most, limits, options) } },
    axes: axes(options, group.axis),
    series: [{}, ...uplotSeries(options)],
    hooks: {
      drawClear: [(plot) => paintBands(plot, group.bands, options.isLeading)],
      draw: [
        (plot) => {
          paintLimits(plot, limits);
          paintMarks(plot, group.marks, options.isLeading);
          if (options.highlight) paintHighlight(plot, options.highlight);
        },
      ],
      setCursor: [(plot) => { group.cursorIndex.value = plot.cursor.idx ?? null; }],
      setSelect: [(plot) => takeZoom(plot, group)],
    },
  };
}

function yRange(most: number | null, limits: LimitLine[], options: PlotOptions): [number, number] {
  const top = Math.max(most ?? 0, options.highlight?.value ?? 0, ...limits.map((limit) => limit.value));
  if (top <= 0) return [0, options.unit === 'bytes' || options.unit === 'bytes/s' ? 1024 : 1];
  return [0, top * 1.12];
}

function axes(options: PlotOptions, { startMs, isByClock }: TimeAxis): uPlot.Axis[] {
  const common: uPlot.Axis = {
    font: '11.5px system-ui, sans-serif',
    stroke: () => cssColor('--ink-quiet'),
    grid: { stroke: () => cssColor('--grid'), width: 1 },
    ticks: { stroke: () => cssColor('--grid'), width: 1, size: 4 },
    gap: 4,
  };
  const isBytes = options.unit === 'bytes' || options.unit === 'bytes/s';
  return [
    {
      ...common, size: 26, space: 70, incrs: TIME_STEPS,
      ...(isByClock ? { splits: (_, __, from, to, step) => clockSplits(startMs, from, to, step) } : {}),
      values: (_, splits, __, ___, step) => splits.map((value) => (isByClock ? localTime(startMs + value * 1000, step < 60) : timeTick(value, step))),
    },
    { ...common, size: AXIS_WIDTH_PX, space: 34, ...(isBytes ? { incrs: BYTE_STEPS } : {}), values: (_, splits) => splits.map((value) => valueTick(value, options.unit)) },
  ];
}

// Thin gaps keep areas apart, until there are so many points that the gaps would be most of the picture.
const POINTS_WITH_GAPS_MAX = 300;

function uplotSeries(options: PlotOptions): uPlot.Series[] {
  const hasGaps = options.isStacked && (options.series[0]?.values.length ?? 0) <= POINTS_WITH_GAPS_MAX;
  const series = options.series.map((one): uPlot.Series => ({
    label: one.label,
    stroke: () => cssColor(hasGaps ? '--surface' : one.color),
    width: options.isStacked ? 0.75 : 1.75,
    spanGaps: false,
    points: { show: options.isStacked ? false : undefined, size: 4 },
    ...(one.dash ? { dash: one.dash } : {}),
    ...(options.isStacked ? { fill: () => cssColor(one.color) } : one.isFilled ? { fill: () => `${cssColor(one.color)}2e` } : {}),
  }));
  return options.isStacked ? series.reverse() : series;
}

function takeZoom(plot: uPlot, group: ChartGroup): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  group.zoom.value = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function followCursor(plot: uPlot, group: ChartGroup): () => void {
  return effect(() => {
    const index = group.cursorIndex.value;
    if ((plot.cursor.idx ?? null) === index) return;
    const left = index === null ? -10 : plot.valToPos(group.axis.seconds[index]!, 'x');
    plot.setCursor({ left, top: index === null ? -10 : plot.over.clientHeight / 2 }, false);
  });
}

function followZoom(plot: uPlot, group: ChartGroup): () => void {
  return effect(() => {
    const [min, max] = group.zoom.value ?? [0, group.axis.spanSeconds];
    plot.setScale('x', { min, max });
  });
}

function followPalette(plot: uPlot, target: HTMLElement, height: number): () => void {
  let isFirst = true;
  return effect(() => {
    void paletteChanges.value;
    if (isFirst) {
      isFirst = false;
      return;
    }
    fit(plot, target, height);
    plot.redraw(false, true);
  });
}
