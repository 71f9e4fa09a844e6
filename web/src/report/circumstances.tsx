// SPDX-License-Identifier: Apache-2.0
// What the run was given: limits and what held them, its environment, how it was measured, how to repeat it.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Limit, Maybe, Run } from '../data/run_json';
import { shortened, visible, visibleLines } from '../data/text';
import { formatBytes, formatCores, formatCount, formatDuration } from '../data/units';
import { UNTOLD } from './told';

export function LimitsTable({ run }: { run: Run }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Limits: table">
      <table>
        <thead>
          <tr><th scope="col" class="text">Limit on</th><th scope="col">Asked</th><th scope="col">In force</th><th scope="col" class="text">Held by</th><th scope="col" class="text">What could not be had</th></tr>
        </thead>
        <tbody>
          {run.limits.map((limit, index) => (
            <tr key={index}>
              <th scope="row"><bdi>{shortened(visible(limit.resource), 40)}</bdi></th>
              <td>{limitText(limit, limit.asked)}</td>
              <td>{limit.got === null ? 'not held' : limitText(limit, limit.got)}</td>
              <td class="text">{visible(limit.mechanism)}</td>
              <td class="text">{visible(limit.problem)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function limitText(limit: Limit, value: number): string {
  if (limit.resource === 'memory') return formatBytes(value);
  if (limit.resource === 'timeout') return formatDuration(value);
  if (limit.resource === 'cpus') return `${formatCores(value)} ${value === 1 ? 'core' : 'cores'}`;
  return formatCount(value);
}

export function Environment({ run }: { run: Run }) {
  const { host, sampling } = run;
  const rows: [string, Maybe<string>][] = [
    ['Machine', [host.name, host.kernel && `Linux ${host.kernel}`, host.cgroups && `cgroups ${host.cgroups}`].filter(Boolean).join(', ') || null],
    ['Size', host.processors > 0 ? `${formatCount(host.processors)} processors, ${formatBytes(host.memory_bytes)}` : null],
    ['Working directory', run.working_directory || null],
    ['Profile', run.profile || null],
    ['Page faults', bothCounted(run.activity.minor_faults, 'from memory', run.activity.major_faults, 'from disk')],
    ['Context switches', bothCounted(run.activity.voluntary_switches, 'to wait', run.activity.involuntary_switches, 'forced')],
    ['Measured', measuredText(run)],
    ['Ullage’s own cost', sampling.own_cpu_seconds > 0 ? `${formatDuration(sampling.own_cpu_seconds)} of CPU time` : null],
    ...Object.entries(run.environment).map(([name, value]): [string, string] => [name, value]),
  ];
  return (
    <dl class="facts">
      {rows.filter(([, value]) => value !== null).map(([name, value], order) => (
        <div key={order}><dt><bdi>{visible(name)}</bdi></dt><dd><bdi>{visible(value!)}</bdi></dd></div>
      ))}
    </dl>
  );
}

function bothCounted(first: Maybe<number>, firstName: string, second: Maybe<number>, secondName: string): string {
  const told: [Maybe<number>, string][] = [[first, firstName], [second, secondName]];
  if (first === null && second === null) return UNTOLD;
  return told.map(([count, name]) => (count === null ? `${name}: ${UNTOLD}` : `${formatCount(count)} ${name}`)).join(', ');
}

function measuredText(run: Run): Maybe<string> {
  const { ticks, interval_seconds: interval, dropped_samples: dropped } = run.sampling;
  if (ticks === 0) return null;
  return `${formatCount(ticks)} times, every ${formatDuration(interval)} at the end${dropped > 0 ? `; ${formatCount(dropped)} values were dropped` : ''}`;
}

export function Repeat({ command }: { command: string }) {
  const text = useRef<HTMLElement>(null);
  const said = useSignal('');
  const copy = async (): Promise<void> => {
    said.value = (await copied(command, text.current!)) ? 'Copied' : 'Selected: copy it with your keys';
  };
  return (
    <div class="repeat">
      <pre tabIndex={0} role="region" aria-label="Command"><code ref={text}>{visibleLines(command)}</code></pre>
      <button type="button" onClick={copy}>Copy</button>
      <span class="quiet" role="status">{said}</span>
    </div>
  );
}

// A page opened from a file may lack the clipboard; the text is then left selected.
async function copied(command: string, shown: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(command);
    return true;
  } catch {
    getSelection()?.selectAllChildren(shown);
    return false;
  }
}
