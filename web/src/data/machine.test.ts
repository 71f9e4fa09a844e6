// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { aboutHowLong, ago, cpuRoom, diskRoom, lasted, memoryRoom, runTitle, standing } from './machine';
import type { Disk, Overview, RunRow } from './machine_json';

const GIB = 2 ** 30;
const MACHINE: Overview = {
  host: 'here', version: '0.1.0', start_ms: 0, interval_seconds: 1, processes: 3, groups: 2, series: 10, time_ms: 60_000,
  memory: { total_bytes: 16 * GIB, available_bytes: 8 * GIB, used_bytes: 8 * GIB, swap_total_bytes: 0, swap_free_bytes: 0, growth_bytes_per_minute: null, until: null },
  cpu: { processors: 4, used_cores: 1.5 },
  disks: [],
  pressure: { cpu_some: 0, memory_some: 0, memory_full: 0, io_some: 0, io_full: 0 },
};
const DISK: Disk = { mountpoint: '/', device: '/dev/sda1', type: 'ext4', size_bytes: 100 * GIB, available_bytes: 40 * GIB, until: null };
const RUN: RunRow = {
  id: '20261124-064012-k3f9', name: '', command: ['/usr/bin/python3', 'train.py'], state: 'finished', started_ms: 0, wall_seconds: 12.5,
  exit_code: 0, signal: null, timed_out: false, oom_killed: false, peak_bytes: GIB, limit_bytes: null, problem: null,
};
const until = (seconds: number, low = seconds * 0.9) => ({ seconds, seconds_low: low, seconds_high: null });

describe('what is left of memory', () => {
  test('is a figure and a sentence; without a trend there is no end', () => {
    expect(memoryRoom(MACHINE)).toMatchObject({ left: '8.00 GiB', of: 'of 16.0 GiB', share: 0.5, sentence: 'No trend points to its end.', outcome: 'good' });
  });
  test('lasts until a trend meets the end', () => {
    const room = memoryRoom({ ...MACHINE, memory: { ...MACHINE.memory, growth_bytes_per_minute: GIB / 2, until: until(960) } });
    expect(room.sentence).toBe('It grows by 512 MiB a minute; at this pace it is full in about 16 minutes.');
    expect(room.outcome).toBe('bad');
  });
  test('a forecast that may come much sooner says so', () => {
    expect(memoryRoom({ ...MACHINE, memory: { ...MACHINE.memory, until: until(7200, 1800) } }).sentence).toBe('At this pace it is full in about 2 hours, 30 minutes at the soonest.');
  });
  test('work that waited for memory is told', () => {
    expect(memoryRoom({ ...MACHINE, pressure: { ...MACHINE.pressure, memory_some: 0.25 } }).sentence).toContain('Work waited for memory 25 % of the last 10 s.');
  });
  test('what the kernel does not tell is not zero', () => {
    expect(memoryRoom({ ...MACHINE, memory: { ...MACHINE.memory, available_bytes: null } })).toMatchObject({ left: null, share: null });
  });
});

describe('what is left of the processors', () => {
  test('is what nobody uses', () => {
    expect(cpuRoom(MACHINE)).toMatchObject({ left: '2.5', of: 'of 4 cores', sentence: '1.5 busy; no work waits for a processor.', outcome: 'good' });
  });
  test('work that waits asks for attention', () => {
    expect(cpuRoom({ ...MACHINE, cpu: { processors: 1, used_cores: 1.02 }, pressure: { ...MACHINE.pressure, cpu_some: 0.4 } }))
      .toMatchObject({ left: '0', of: 'of 1 core', share: 1, sentence: '1 busy; work waited for a processor 40 % of the last 10 s.', outcome: 'unsettled' });
  });
  test('is not known before two readings', () => {
    expect(cpuRoom({ ...MACHINE, cpu: { processors: 4, used_cores: null } }).left).toBeNull();
  });
});

describe('what is left of the disks', () => {
  test('is told of the one that ends first', () => {
    const data = { ...DISK, mountpoint: '/data', available_bytes: 90 * GIB, until: until(5400) };
    expect(diskRoom({ ...MACHINE, disks: [DISK, data] })).toMatchObject({ title: 'Disk /data', left: '90.0 GiB', sentence: 'At this pace it is full in about 2 hours; 1 more disk has longer.' });
  });
  test('is told of the fullest where none has an end', () => {
    expect(diskRoom({ ...MACHINE, disks: [{ ...DISK, mountpoint: '/big', available_bytes: 99 * GIB }, { ...DISK, available_bytes: GIB }] }))
      .toMatchObject({ title: 'Disk /', outcome: 'bad' });
  });
  test('a name that hides its direction is shown as it is', () => {
    expect(diskRoom({ ...MACHINE, disks: [{ ...DISK, mountpoint: '/\u202egnp' }] }).title).toBe('Disk /‹U+202E›gnp');
  });
  test('a machine without disks says so', () => {
    expect(diskRoom(MACHINE).sentence).toBe('No disk is seen from here.');
  });
});

test.each([[1, '1 second'], [89, '89 seconds'], [90, '2 minutes'], [5399, '90 minutes'], [7200, '2 hours'], [86400 * 3, '3 days']])('%d s is about %s', (seconds, text) => {
  expect(aboutHowLong(seconds)).toBe(text);
});

test('how a run ended is a word', () => {
  expect(standing(RUN)).toEqual({ word: 'exit 0', outcome: 'good' });
  expect(standing({ ...RUN, exit_code: 3 })).toEqual({ word: 'exit 3', outcome: 'bad' });
  expect(standing({ ...RUN, exit_code: null, signal: 9 })).toEqual({ word: 'SIGKILL', outcome: 'bad' });
  expect(standing({ ...RUN, exit_code: null, signal: 9, oom_killed: true })).toEqual({ word: 'out of memory', outcome: 'bad' });
  expect(standing({ ...RUN, timed_out: true })).toEqual({ word: 'timed out', outcome: 'bad' });
  expect(standing({ ...RUN, state: 'running', exit_code: null })).toEqual({ word: 'running', outcome: 'unsettled' });
  expect(standing({ ...RUN, state: 'damaged', problem: 'no run' })).toEqual({ word: 'damaged', outcome: 'bad' });
});

test('a run is called by its name, else by its program', () => {
  expect(runTitle(RUN)).toBe('python3');
  expect(runTitle({ ...RUN, name: 'train' })).toBe('train');
  expect(runTitle({ ...RUN, command: [] })).toBe(RUN.id);
});

test('a run that lasts is told up to now', () => {
  expect(lasted(RUN, 60_000)).toBe('12.5 s');
  expect(lasted({ ...RUN, state: 'running' }, 60_000)).toBe('1m 00s');
});

test('moments before now', () => {
  expect([ago(60_000, 60_000), ago(30_000, 60_000), ago(0, 7_200_000), ago(90_000, 60_000)]).toEqual(['just now', '30 s ago', '2 hours ago', 'just now']);
});
