// SPDX-License-Identifier: Apache-2.0
// The run in one sentence: how it ended, then the numbers that a person asks for first. The same words as
// verdict() of src/run/summary.cpp.
import type { Run } from './run_json';
import { signalName } from './signals';
import { visible } from './text';
import { formatBytes, formatCores, formatCount, formatDuration, formatRatio } from './units';

export type Outcome = 'good' | 'bad' | 'unsettled';

export interface Verdict {
  outcome: Outcome;
  word: string; // for the badge
  sentence: string;
}

export function verdict(run: Run): Verdict {
  const ending = endingOf(run);
  return { outcome: ending.outcome, word: ending.word, sentence: `${[ending.text, ...figuresOf(run)].join('; ')}.` };
}

interface Ending {
  outcome: Outcome;
  word: string;
  text: string;
}

function endingOf(run: Run): Ending {
  const wall = formatDuration(run.wall_seconds);
  if (run.oom_killed) return { outcome: 'bad', word: 'Out of memory', text: oomText(run, wall) };
  if (run.state === 'running') return { outcome: 'unsettled', word: 'Running', text: `Still running after ${wall}` };
  if (run.interrupted || run.state === 'interrupted') {
    return { outcome: 'unsettled', word: 'Interrupted', text: `Watched for ${wall}, then Ullage was gone: how it ended is not known` };
  }
  if (run.timed_out) return { outcome: 'bad', word: 'Timed out', text: timeoutText(run, wall) };
  if (run.signal !== null) {
    return { outcome: 'bad', word: signalName(run.signal), text: `Ended by ${signalName(run.signal)} after ${wall}` };
  }
  if (run.exit_code === null) return { outcome: 'unsettled', word: 'Ended', text: `Ended after ${wall}, with what exit code is not known` };
  if (run.exit_code !== 0) {
    return { outcome: 'bad', word: `Exit ${run.exit_code}`, text: `Failed with exit code ${run.exit_code} after ${wall}` };
  }
  return { outcome: 'good', word: 'Finished', text: `Finished in ${wall}` };
}

function timeoutText(run: Run, wall: string): string {
  const limit = run.limits.find((one) => one.resource === 'timeout');
  return limit ? `Stopped by its time limit of ${formatDuration(limit.asked)} after ${wall}` : `Stopped by its time limit after ${wall}`;
}

function oomText(run: Run, wall: string): string {
  const limit = run.memory.limit_bytes;
  const what =
    limit === null || run.memory.limit_source === 'machine' || run.memory.limit_source === ''
      ? 'when the machine ran out of memory'
      : `for exceeding its memory limit of ${formatBytes(limit)}`;
  const parts = [`Killed by ${killerText(run.oom_killer)} ${what} after ${wall}`];
  const oom = run.oom;
  if (oom?.foreseeable_ms != null) {
    const noticeSeconds = run.wall_seconds - (oom.foreseeable_ms - run.started_ms) / 1000;
    if (noticeSeconds > 0) parts.push(`it was foreseeable ${formatDuration(noticeSeconds)} before`);
  }
  if (oom?.enough_bytes != null) parts.push(`${formatBytes(oom.enough_bytes)} would have been enough`);
  return parts.join('; ');
}

function killerText(killer: string | null): string {
  if (!killer) return 'something that is not known';
  if (killer === 'kernel') return 'the kernel';
  if (killer === 'ullage limit') return 'Ullage';
  return visible(killer);
}

function figuresOf(run: Run): string[] {
  const figures: string[] = [];
  const { peak_bytes: peak, limit_bytes: limit } = run.memory;
  if (!run.oom_killed) figures.push(peak === null ? 'peak unknown' : `peak ${formatBytes(peak)}${limit ? ` of ${formatBytes(limit)} (${formatRatio(peak / limit)})` : ''}`);
  const cores = coresBusy(run);
  if (cores !== null && !run.oom_killed) {
    const had = run.cpu.cores_available;
    const busy = had > 0 ? `${formatCores(cores)} of ${formatCores(had)} ${had === 1 ? 'core' : 'cores'} busy` : `${formatCores(cores)} cores busy`;
    const last = figures.pop();
    figures.push(last ? `${last}, ${busy}` : busy);
  }
  if (run.processes.left_running > 0) {
    const count = run.processes.left_running;
    figures.push(`${formatCount(count)} ${count === 1 ? 'process was' : 'processes were'} left running`);
  }
  return figures;
}

export function cpuSeconds(run: Run): number | null {
  const { user_seconds: user, system_seconds: system } = run.cpu;
  return user === null && system === null ? null : (user ?? 0) + (system ?? 0);
}

// Averaged over the whole run.
export function coresBusy(run: Run): number | null {
  const seconds = cpuSeconds(run);
  return seconds === null || run.wall_seconds <= 0 ? null : seconds / run.wall_seconds;
}
