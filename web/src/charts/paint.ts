// SPDX-License-Identifier: Apache-2.0
// What is painted on a chart's canvas besides its series: phases as bands, limits as lines, events as marks.
import type uPlot from 'uplot';
import type { Band, Mark, Severity } from './group';
import { cssColor } from './media';

export interface LimitLine {
  value: number;
  label: string;
  color: string; // a CSS variable
}

// One moment that is told apart: a ring and a word.
export interface Highlight {
  atSeconds: number;
  value: number;
  label: string;
}

const LANE_HEIGHT_PX = 18;
const LANES_MAX = 3;

export const bandLanes = (bands: Band[]): number => Math.min(LANES_MAX, Math.max(0, ...bands.map((band) => band.lane + 1)));
export const laneSpacePx = (bands: Band[]): number => bandLanes(bands) * LANE_HEIGHT_PX;

const ratio = (plot: uPlot): number => plot.ctx.canvas.width / plot.width;

function clipped(plot: uPlot, paint: (context: CanvasRenderingContext2D) => void, extraTopPx = 0): void {
  const { ctx: context, bbox } = plot;
  context.save();
  context.beginPath();
  context.rect(bbox.left, bbox.top - extraTopPx, bbox.width, bbox.height + extraTopPx);
  context.clip();
  paint(context);
  context.restore();
}

// Under the series: every other phase shaded over the whole height, and with names a strip above the plot.
export function paintBands(plot: uPlot, bands: Band[], withNames: boolean): void {
  const scale = ratio(plot);
  const laneHeight = LANE_HEIGHT_PX * scale;
  clipped(
    plot,
    (context) => {
      context.font = `${11.5 * scale}px system-ui, sans-serif`;
      context.textBaseline = 'middle';
      context.textAlign = 'left';
      bands.forEach((band, order) => {
        const left = plot.valToPos(band.fromSeconds, 'x', true);
        const width = Math.max(scale, plot.valToPos(band.toSeconds, 'x', true) - left);
        if (band.lane === 0) {
          context.fillStyle = cssColor(order % 2 === 0 ? '--band-a' : '--band-b');
          context.fillRect(left, plot.bbox.top, width, plot.bbox.height);
          context.fillStyle = cssColor('--band-edge');
          context.fillRect(left, plot.bbox.top, scale, plot.bbox.height);
        }
        if (withNames && band.lane < LANES_MAX) paintBandName(plot, context, band, order, left, width, laneHeight, scale);
      });
    },
    withNames ? laneHeight * bandLanes(bands) : 0,
  );
}

function paintBandName(
  plot: uPlot, context: CanvasRenderingContext2D, band: Band, order: number,
  left: number, width: number, laneHeight: number, scale: number,
): void {
  const top = plot.bbox.top - laneHeight * (band.lane + 1);
  context.fillStyle = cssColor(order % 2 === 0 ? '--band-name-a' : '--band-name-b');
  context.fillRect(left, top, Math.max(scale, width - scale), laneHeight - 2 * scale);
  // A phase that begins left of what is shown keeps its name in sight.
  const from = Math.max(left, plot.bbox.left);
  const room = Math.min(left + width, plot.bbox.left + plot.bbox.width) - from - 10 * scale;
  const text = fitted(context, band.label, room);
  context.fillStyle = cssColor('--ink');
  context.fillText(text, from + 5 * scale, top + (laneHeight - 2 * scale) / 2);
}

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  const characters = [...text];
  while (characters.length > 1) {
    characters.pop();
    const shorter = `${characters.join('')}…`;
    if (context.measureText(shorter).width <= room) return shorter;
  }
  return '';
}

export function paintLimits(plot: uPlot, limits: LimitLine[]): void {
  const scale = ratio(plot);
  clipped(plot, (context) => {
    for (const limit of limits) {
      const y = plot.valToPos(limit.value, 'y', true);
      context.strokeStyle = cssColor(limit.color);
      context.fillStyle = cssColor(limit.color);
      context.lineWidth = 1.5 * scale;
      context.setLineDash([6 * scale, 4 * scale]);
      context.beginPath();
      context.moveTo(plot.bbox.left, y);
      context.lineTo(plot.bbox.left + plot.bbox.width, y);
      context.stroke();
      paintLabel(plot, context, limit.label, cssColor(limit.color), y, scale);
    }
  });
}

// Above the line where there is room, else below; on the left, where runs are still small.
function paintLabel(plot: uPlot, context: CanvasRenderingContext2D, label: string, color: string, y: number, scale: number): void {
  context.font = `600 ${11.5 * scale}px system-ui, sans-serif`;
  const isRoomAbove = y - plot.bbox.top > 16 * scale;
  context.textBaseline = isRoomAbove ? 'bottom' : 'top';
  context.textAlign = 'left';
  context.setLineDash([]);
  paintOutlined(context, label, plot.bbox.left + 6 * scale, y + (isRoomAbove ? -3 : 4) * scale, color, scale);
}

export function paintHighlight(plot: uPlot, { atSeconds, value, label }: Highlight): void {
  const scale = ratio(plot);
  clipped(plot, (context) => {
    const x = plot.valToPos(atSeconds, 'x', true);
    const y = plot.valToPos(value, 'y', true);
    context.setLineDash([]);
    context.strokeStyle = cssColor('--ink');
    context.fillStyle = cssColor('--surface');
    context.lineWidth = 1.5 * scale;
    context.beginPath();
    context.arc(x, y, 4 * scale, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.font = `600 ${11.5 * scale}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'bottom';
    const margin = context.measureText(label).width / 2 + 4 * scale;
    const textX = Math.min(Math.max(x, plot.bbox.left + margin), plot.bbox.left + plot.bbox.width - margin);
    paintOutlined(context, label, textX, Math.max(y - 6 * scale, plot.bbox.top + 14 * scale), cssColor('--ink'), scale);
  });
}

// Readable on whatever lies below.
function paintOutlined(context: CanvasRenderingContext2D, text: string, x: number, y: number, color: string, scale: number): void {
  context.lineJoin = 'round';
  context.strokeStyle = cssColor('--surface');
  context.lineWidth = 4 * scale;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

export const SEVERITY_COLORS: Record<Severity, string> = { info: '--ink-quiet', warning: '--warning', critical: '--critical' };

// A line through the plot for what asks for attention and, with signs, a shape at its foot that tells
// severities apart without colour.
export function paintMarks(plot: uPlot, marks: Mark[], withSigns: boolean): void {
  const scale = ratio(plot);
  clipped(plot, (context) => {
    for (const mark of marks) {
      const x = Math.round(plot.valToPos(mark.atSeconds, 'x', true));
      context.strokeStyle = cssColor(SEVERITY_COLORS[mark.severity]);
      context.fillStyle = context.strokeStyle;
      context.globalAlpha = withSigns ? 0.9 : 0.5;
      context.lineWidth = scale;
      context.setLineDash(mark.severity === 'critical' ? [] : [2 * scale, 3 * scale]);
      if (mark.severity !== 'info') {
        context.beginPath();
        context.moveTo(x, plot.bbox.top);
        context.lineTo(x, plot.bbox.top + plot.bbox.height);
        context.stroke();
      }
      context.globalAlpha = 1;
      if (withSigns) paintSign(context, mark.severity, x, plot.bbox.top + plot.bbox.height - 7 * scale, 5 * scale);
    }
  });
}

function paintSign(context: CanvasRenderingContext2D, severity: Severity, x: number, y: number, size: number): void {
  context.setLineDash([]);
  context.beginPath();
  if (severity === 'info') context.arc(x, y + size * 0.3, size * 0.5, 0, 2 * Math.PI);
  else if (severity === 'warning') {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y + size * 0.8);
    context.lineTo(x - size, y + size * 0.8);
    context.closePath();
  } else {
    context.moveTo(x, y - size * 1.1);
    context.lineTo(x + size * 1.1, y);
    context.lineTo(x, y + size * 1.1);
    context.lineTo(x - size * 1.1, y);
    context.closePath();
  }
  context.fill();
}
