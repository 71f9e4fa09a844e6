// SPDX-License-Identifier: Apache-2.0
// A chart as a page uses it: legend with values at the cursor, canvas, keys, spoken values, table twin.
// Drawn when it comes near the window, and always before printing.
import { effect, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { greatest } from '../data/series';
import { formatOffset } from '../data/units';
import { clockTime, localTime } from './clock_text';
import type { ChartGroup } from './group';
import { moveCursor } from './keyboard';
import { printing } from './media';
import { AXIS_WIDTH_PX, limitsInSight, mountPlot, RIGHT_SPACE_PX, type ChartSeries, type PlotOptions } from './plot';
import { TableTwin } from './table_twin';

type Props = Partial<PlotOptions> & {
  group: ChartGroup;
  title: string;
  series: ChartSeries[];
  unit: PlotOptions['unit'];
  format: PlotOptions['format'];
  note?: ComponentChildren;
};

export function Chart(props: Props) {
  const { group, title, series, format, unit, note, limits = [], highlight = null, isStacked = false, isLeading = false, heightPx = 190 } = props;
  const target = useRef<HTMLDivElement>(null);
  const spoken = useSignal('');
  const wasDrawn = useRef(false);

  // New figures are drawn at once where the old ones were in sight, so that nothing flickers.
  useLayoutEffect(() => {
    const options = { series, isStacked, unit, format, limits, highlight, isLeading, heightPx };
    const mount = (): (() => void) => {
      wasDrawn.current = true;
      return mountPlot(target.current!, group, options);
    };
    return wasDrawn.current ? mount() : whenNear(target.current!, mount);
  }, [group, series]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!moveCursor(event, group)) return;
    event.preventDefault();
    spoken.value = spokenValues(group, series, format);
  };
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <Legend {...{ group, series, unit, format, limits, highlight, isStacked }} />
      </figcaption>
      <div
        class="plot" style={{ height: `${heightPx}px` }} tabIndex={0} role="application" aria-roledescription="chart" aria-label={`${title}. Arrow keys move through time.`}
        onKeyDown={onKeyDown}
      >
        <div ref={target} aria-hidden="true" />
        <TimePill group={group} />
      </div>
      <p class="sr-only" aria-live="polite">{spoken}</p>
      {note && <p class="note">{note}</p>}
      <TableTwin axis={group.axis} title={title} series={series} format={format} />
    </figure>
  );
}

// Calls mount once the element is within a screen of the window or the page is printed; else when what is in
// sight has been there for a moment, for a picture of the whole page.
function whenNear(element: HTMLElement, mount: () => () => void): () => void {
  let unmount: (() => void) | undefined;
  const mountOnce = (): void => { unmount ??= mount(); };
  const observer = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) mountOnce(); }, { rootMargin: '300px' });
  observer.observe(element);
  const stop = effect(() => { if (printing.value) mountOnce(); });
  const later = setTimeout(mountOnce, 600);
  return () => {
    clearTimeout(later);
    observer.disconnect();
    stop();
    unmount?.();
  };
}

function Legend({ group, series, unit, format, limits, highlight, isStacked }: Pick<Props, 'group'> & Pick<PlotOptions, 'series' | 'unit' | 'format' | 'limits' | 'highlight' | 'isStacked'>) {
  const inSight = limitsInSight({ series, isStacked, unit, limits, highlight });
  return (
    <ul class="legend">
      {series.map((one, order) => (
        <li key={order}>
          <i class={isStacked ? 'swatch block' : one.dash ? 'swatch dashed' : 'swatch'} style={{ color: `var(${one.color})` }} />
          <bdi>{one.label}</bdi> <ValueAtCursor {...{ group, one, format }} />
        </li>
      ))}
      {limits.map((limit, order) => (
        <li key={order}>
          <i class="swatch dashed" style={{ color: `var(${limit.color})` }} />
          <span>{limit.label}{!inSight.includes(limit) && ', above what is drawn'}</span>
        </li>
      ))}
    </ul>
  );
}

// These read the signals as they are drawn, so that they follow the newest group: a page that lives gets one with
// each new point.
function ValueAtCursor({ group, one, format }: { group: ChartGroup; one: ChartSeries; format: (value: number) => string }) {
  const index = group.cursorIndex.value;
  const value = index === null ? greatest(one.values) : (one.values[index] ?? null);
  if (value === null) return <b>–</b>;
  return <b>{index === null ? `max ${format(value)}` : format(value)}</b>;
}

// When the cursor stands: since the start, by the clock, in which phase, beside which events.
function TimePill({ group }: { group: ChartGroup }) {
  const index = group.cursorIndex.value;
  if (index === null) return null;
  const [from, to] = group.zoom.value ?? [0, group.axis.spanSeconds];
  const share = (group.axis.seconds[index]! - from) / (to - from);
  const plotLeft = `calc(${AXIS_WIDTH_PX}px + (100% - ${AXIS_WIDTH_PX + RIGHT_SPACE_PX}px) * ${share})`;
  return (
    <div class={share > 0.5 ? 'pill left' : 'pill right'} style={{ left: plotLeft }} aria-hidden="true">
      {momentLines(group, index).map((line, order) => <div key={order}>{line}</div>)}
    </div>
  );
}

const EVENTS_NEAR_MAX = 3;

function momentLines(group: ChartGroup, index: number): string[] {
  const { axis, bands, marks } = group;
  const seconds = axis.seconds[index]!;
  const phases = bands.filter((band) => band.fromSeconds <= seconds && seconds < band.toSeconds).map((band) => band.label);
  const [from, to] = group.zoom.value ?? [0, axis.spanSeconds];
  const near = marks.filter((mark) => Math.abs(mark.atSeconds - seconds) <= (to - from) / 150);
  return [
    axis.isByClock ? localTime(axis.timesMs[index]!) : `${formatOffset(seconds, axis.spanSeconds, axis.stepSeconds)} · ${clockTime(axis.timesMs[index]!, axis.spanSeconds, axis.stepSeconds)} UTC`,
    ...(phases.length > 0 ? [`in ${phases.join(', ')}`] : []),
    ...near.slice(0, EVENTS_NEAR_MAX).map((mark) => mark.text),
    ...(near.length > EVENTS_NEAR_MAX ? [`and ${near.length - EVENTS_NEAR_MAX} more events`] : []),
  ];
}

function spokenValues(group: ChartGroup, series: ChartSeries[], format: (value: number) => string): string {
  const index = group.cursorIndex.value;
  if (index === null) return 'No moment chosen.';
  const values = series.map((one) => {
    const value = one.values[index] ?? null;
    return `${one.label} ${value === null ? 'not known' : format(value)}`;
  });
  return `${momentLines(group, index).join(', ')}: ${values.join(', ')}.`;
}
