// SPDX-License-Identifier: Apache-2.0
// Names of Linux's signals on x86 and ARM (signal(7)); other machines number a few of them differently.

const NAMES = [
  '', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM',
  'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
];

export const signalName = (signal: number): string => (NAMES[signal] ? `SIG${NAMES[signal]}` : `signal ${signal}`);
