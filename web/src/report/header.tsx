// SPDX-License-Identifier: Apache-2.0
// The top of the report: what ran, where and when, and the verdict.
import { dateTime } from '../charts/clock_text';
import type { Run } from '../data/run_json';
import { shortened, visible } from '../data/text';
import type { Outcome, Verdict } from '../data/verdict';

const SIGNS: Record<Outcome, string> = { good: '✓', bad: '✕', unsettled: '…' };

export function Header({ run, verdict }: { run: Run; verdict: Verdict }) {
  const command = visible(run.command.join(' '));
  return (
    <header>
      <p class="line">
        <span class={`badge ${verdict.outcome}`}><span aria-hidden="true">{SIGNS[verdict.outcome]} </span>{verdict.word}</span>
        <span class="quiet">Ullage report</span>
      </p>
      <h1><bdi>{visible(run.name || run.command[0] || run.id)}</bdi></h1>
      {command && <p class="command"><code title={command}><bdi>{shortened(command, 240)}</bdi></code></p>}
      <p class="verdict">{verdict.sentence}</p>
      <p class="quiet">
        <span>{dateTime(run.started_ms)}</span>
        {run.host.name && <> · <bdi>{visible(run.host.name)}</bdi></>} · run <bdi>{visible(run.id)}</bdi>
        {Object.entries(run.tags).map(([tag, value]) => <span class="tag" key={tag}><bdi>{visible(`${tag}=${value}`)}</bdi></span>)}
      </p>
    </header>
  );
}
