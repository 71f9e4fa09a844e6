// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { healthy, outOfMemory, untold } from '../../testdata/samples.mjs';
import type { Run } from './run_json';
import { coresBusy, verdict } from './verdict';

const finished = (more: Partial<Run> = {}): Run => ({ ...(healthy().run as unknown as Run), ...more });

test('a healthy run: time, peak of limit, cores busy', () => {
  expect(verdict(finished()).sentence).toBe('Finished in 12.5 s; peak 493 MiB of 8.00 GiB (6.0 %), 1.6 of 2 cores busy.');
  expect(verdict(finished()).outcome).toBe('good');
});

test('killed by the kernel: limit, when it was foreseeable, what would have been enough', () => {
  expect(verdict(outOfMemory().run as unknown as Run).sentence).toBe(
    'Killed by the kernel for exceeding its memory limit of 512 MiB after 3m 07s; it was foreseeable 40.0 s before; 820 MiB would have been enough.',
  );
});

test('killed when the machine was full names no limit of the run', () => {
  const run = outOfMemory().run as unknown as Run;
  const sentence = verdict({ ...run, oom_killer: 'systemd-oomd', oom: null, memory: { ...run.memory, limit_source: 'machine' } }).sentence;
  expect(sentence).toBe('Killed by systemd-oomd when the machine ran out of memory after 3m 07s.');
});

test('our own limit', () => {
  const run = outOfMemory().run as unknown as Run;
  expect(verdict({ ...run, oom_killer: 'ullage limit', oom: null }).sentence).toMatch(/^Killed by Ullage for exceeding its memory limit/);
});

test('exit codes, signals and time limits are told apart', () => {
  expect(verdict(finished({ exit_code: 2 })).sentence).toMatch(/^Failed with exit code 2 after 12\.5 s; peak/);
  expect(verdict(finished({ exit_code: null, signal: 11 })).sentence).toMatch(/^Ended by SIGSEGV after 12\.5 s;/);
  expect(verdict(finished({ exit_code: null, signal: 40 })).sentence).toMatch(/^Ended by signal 40 after/);
  const limits = [{ resource: 'timeout', asked: 10, got: 10, mechanism: 'supervisor', problem: '' }];
  expect(verdict(finished({ timed_out: true, signal: 15, limits })).sentence).toMatch(/^Stopped by its time limit of 10\.0 s after 12\.5 s;/);
});

test('a run that still runs, or whose watcher is gone, is not called finished', () => {
  expect(verdict(finished({ state: 'running', exit_code: null })).sentence).toMatch(/^Still running after 12\.5 s;/);
  const gone = verdict(untold().run as unknown as Run);
  expect(gone.sentence).toBe('Watched for 5 ms, then Ullage was gone: how it ended is not known; peak unknown.');
  expect(gone.outcome).toBe('unsettled');
});

test('what is not known is left out, not 0', () => {
  const run = finished();
  const sentence = verdict({ ...run, memory: { ...run.memory, peak_bytes: null }, cpu: { ...run.cpu, user_seconds: null, system_seconds: null } }).sentence;
  expect(sentence).toBe('Finished in 12.5 s; peak unknown.');
  expect(coresBusy({ ...run, wall_seconds: 0 })).toBeNull();
});

test('processes left running are told', () => {
  const run = finished();
  expect(verdict({ ...run, processes: { ...run.processes, left_running: 2 } }).sentence).toMatch(/; 2 processes were left running\.$/);
});
