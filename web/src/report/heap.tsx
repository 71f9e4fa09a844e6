// SPDX-License-Identifier: Apache-2.0
// The heap: what grows or is lost, and the flame graph of what lived at a moment.
import type { Heap } from '../data/heap';
import type { HeapLeak, HeapLeaks } from '../data/run_json';
import { shortened, visible } from '../data/text';
import { formatBytes, formatByteRate, formatCount, formatDuration, formatRatio } from '../data/units';
import { FlameFigure } from './flame_figure';

const LEAKS_SHOWN = 20;
const places = (count: number): string => (count === 1 ? '1 place' : `${formatCount(count)} places`);

export function HeapSection({ heap, leaks }: { heap: Heap; leaks: HeapLeaks }) {
  const told = leaks.leaks.filter((one) => one.kind !== 'kept');
  const kept = leaks.leaks.length - told.length;
  return (
    <>
      {told.length > 0 ? <LeakTable leaks={told} /> : <p>Nothing grows and nothing is lost.</p>}
      <p class="note">
        {told.length > LEAKS_SHOWN && `${formatCount(told.length - LEAKS_SHOWN)} more: “ullage heap leaks”. `}
        Not leaks: {places(leaks.settled.length)} settled (caches, pools, rings), {places(kept)} filled once.
      </p>
      <FlameFigure heap={heap} />
    </>
  );
}

function LeakTable({ leaks }: { leaks: HeapLeak[] }) {
  return (
    <div class="scroll leaks" tabIndex={0} role="region" aria-label="What grows or is lost: table">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">Verdict</th><th scope="col" class="text">Allocated by</th><th scope="col">Live</th><th scope="col">Rate</th>
            <th scope="col">First seen</th><th scope="col">Confidence</th><th scope="col">Born</th><th scope="col" class="text">Next step</th>
          </tr>
        </thead>
        <tbody>
          {leaks.slice(0, LEAKS_SHOWN).map((leak, order) => (
            <tr key={order}>
              <th scope="row"><span class={leak.kind === 'growing' ? 'badge bad' : 'badge unsettled'}>{leak.kind}</span></th>
              <td class="text"><bdi>{visible(shortened(leak.function, 80))}</bdi> <span class="quiet">{visible(leak.place)}</span></td>
              <td>{formatBytes(leak.bytes)}</td>
              <td>{leak.rate_bytes_per_second > 0 ? formatByteRate(leak.rate_bytes_per_second) : '–'}</td>
              <td>{formatDuration(leak.first_seen)}</td>
              <td>{formatRatio(leak.confidence)}</td>
              <td><Births counts={leak.births} /></td>
              <td class="text">{visible(leak.advice)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// When what lives now was born, over the run.
function Births({ counts }: { counts: number[] }) {
  const most = Math.max(1, ...counts);
  const first = counts.findIndex((count) => count > 0);
  const last = counts.length - 1 - [...counts].reverse().findIndex((count) => count > 0);
  const said = `born between ${formatRatio(first / counts.length)} and ${formatRatio((last + 1) / counts.length)} of the run`;
  return (
    <svg class="births" role="img" aria-label={said} viewBox={`0 0 ${counts.length * 4} 16`} width={counts.length * 4} height={16}>
      {counts.map((count, order) => <rect key={order} x={order * 4} width={3} y={16 - (16 * count) / most} height={(16 * count) / most} />)}
    </svg>
  );
}
