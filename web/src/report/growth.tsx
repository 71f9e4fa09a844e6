// SPDX-License-Identifier: Apache-2.0
// Does it grow? The verdict of each resource, judged from the run's samples, with its evidence.
import type { Growth } from '../data/run_json';
import { shortened, visible } from '../data/text';
import { formatBytes, formatCount } from '../data/units';
import { Told } from './told';

const SUBJECTS: Record<string, string> = {
  memory: 'Memory',
  anonymous: 'Anonymous memory',
  fragmentation: 'Resident beyond the live heap',
  shared: 'Shared memory and tmpfs',
  swap: 'Swap',
  threads: 'Threads',
  processes: 'Processes',
  open_files: 'Open files',
};

const formatOf = (growth: Growth): ((value: number) => string) => (growth.unit === 'bytes' ? formatBytes : (value) => formatCount(Math.round(value)));

export function GrowthTable({ growth }: { growth: Growth[] }) {
  return (
    <>
      <p class="quiet">From samples alone. Which line of a program it is, a profile tells: <code>ullage run --heap</code>.</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Does it grow: table">
        <table>
          <thead>
            <tr><th scope="col" class="text">What</th><th scope="col" class="text">Verdict</th><th scope="col">At the end</th><th scope="col">Sure</th><th scope="col" class="text">Evidence</th></tr>
          </thead>
          <tbody>
            {growth.map((one, index) => (
              <tr key={index}>
                <th scope="row">{Object.hasOwn(SUBJECTS, one.resource) ? SUBJECTS[one.resource] : visible(one.resource)}{one.process && <> <bdi class="quiet" title={visible(one.process)}>{shortened(visible(one.process), 60)}</bdi></>}</th>
                <td class="text">{one.kind === 'growing' ? <strong>growing</strong> : visible(one.kind)}</td>
                <td><Told value={one.level} format={formatOf(one)} /></td>
                <td>{one.confidence ? `${Math.round(one.confidence * 100)} %` : ''}</td>
                <td class="text">{visible(one.text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
