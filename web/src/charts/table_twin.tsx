// SPDX-License-Identifier: Apache-2.0
// The figures of a chart as a table: every moment that the chart draws, built when it is opened.
import { useSignal } from '@preact/signals';
import { formatOffset } from '../data/units';
import { clockTime, localTime } from './clock_text';
import type { TimeAxis } from './group';
import type { ChartSeries } from './plot';

interface Props {
  axis: TimeAxis;
  title: string;
  series: ChartSeries[];
  format: (value: number) => string;
}

export function TableTwin(props: Props) {
  const isOpen = useSignal(false);
  return (
    <details class="twin" onToggle={(event) => { isOpen.value = event.currentTarget.open; }}>
      <summary>Figures as a table<span class="sr-only">: {props.title}</span></summary>
      {isOpen.value && <Rows {...props} />}
    </details>
  );
}

function Rows({ axis, title, series, format }: Props) {
  const told = axis.seconds.map((_, index) => index).filter((index) => series.some((one) => one.values[index] != null));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}: table`}>
      <table class="figures">
        <thead>
          <tr>
            {axis.isByClock ? <th scope="col">Clock</th> : <><th scope="col">Since start</th><th scope="col">Clock, UTC</th></>}
            {series.map((one, order) => <th scope="col" key={order}>{one.label}</th>)}
          </tr>
        </thead>
        <tbody>
          {told.map((index) => (
            <tr key={index}>
              <Moment axis={axis} index={index} />
              {series.map((one, order) => {
                const value = one.values[index] ?? null;
                return <td key={order}>{value === null ? '–' : format(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Moment({ axis, index }: { axis: TimeAxis; index: number }) {
  const timeMs = axis.timesMs[index]!;
  if (axis.isByClock) return <th scope="row">{localTime(timeMs)}</th>;
  return (
    <>
      <th scope="row">{formatOffset(axis.seconds[index]!, axis.spanSeconds, axis.stepSeconds)}</th>
      <td>{clockTime(timeMs, axis.spanSeconds, axis.stepSeconds)}</td>
    </>
  );
}
