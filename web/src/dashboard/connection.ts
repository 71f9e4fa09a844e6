// SPDX-License-Identifier: Apache-2.0
// What is known of the machine right now, as signals, and how it is kept up to date: events of the daemon, and
// questions to it while the page is looked at. When the daemon is gone, the page says so and tries again.
import { signal } from '@preact/signals';
import { historyQuery, historyRange, isYoung, readHistory, STEP_SECONDS, watchedSeconds, type MachineHistory } from '../data/history';
import type { Noted, Overview, Processes, RunRow } from '../data/machine_json';
import type { Maybe } from '../data/run_json';
import { access, ask, eventsOf, takeToken } from './access';

export type ProcessOrder = 'memory' | 'growth' | 'cpu' | 'io';
export type Link = 'connecting' | 'live' | 'gone';

export const link = signal<Link>('connecting');
export const overview = signal<Maybe<Overview>>(null);
export const history = signal<Maybe<MachineHistory>>(null);
export const processes = signal<Maybe<Processes>>(null);
export const processesAreKept = signal(false); // for clients of the unix socket
export const processOrder = signal<ProcessOrder>('memory');
export const runs = signal<Maybe<RunRow[]>>(null);
export const events = signal<Maybe<Noted[]>>(null);

const PROCESSES_EVERY_MS = 2000;
const FIRST_POINT_EVERY_MS = 2000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const API = '/api/ullage/v1';

async function asked<T>(path: string, more?: RequestInit): Promise<Maybe<T>> {
  try {
    const response = await ask(path, { signal: AbortSignal.timeout(20_000), ...more });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null; // the stream of events tells that the daemon is gone
  }
}

// The hour is held still while somebody looks closely at a moment of it.
let isHeld = (): boolean => false;
export const holdHistoryWhile = (check: () => boolean): void => { isHeld = check; };

let looksClosely = false;

async function refreshHistory(): Promise<void> {
  if (isHeld()) return;
  const intervalSeconds = overview.peek()?.interval_seconds ?? 1;
  const range = historyRange(Date.now(), looksClosely, intervalSeconds);
  const body = new URLSearchParams({
    query: historyQuery(intervalSeconds, looksClosely), start: String(range.start), end: String(range.end), step: String(range.step),
  });
  const answer = await asked<Parameters<typeof readHistory>[0]>('/api/v1/query_range', { method: 'POST', body });
  if (!answer || isHeld()) return;
  const told = readHistory(answer, range);
  const before = looksClosely;
  looksClosely = isYoung(watchedSeconds(told), before);
  if (looksClosely !== before) return refreshHistory();
  history.value = told;
  // A daemon that has just begun: its first point is seconds away.
  if (Object.keys(history.value.columns).length === 0) setTimeout(() => { void refreshHistory(); }, FIRST_POINT_EVERY_MS);
}

export async function refreshProcesses(): Promise<void> {
  const order = processOrder.peek();
  try {
    const response = await ask(`${API}/processes?sort=${order}&limit=50`, { signal: AbortSignal.timeout(20_000) });
    processesAreKept.value = response.status === 403;
    if (response.ok && order === processOrder.peek()) processes.value = (await response.json()) as Processes;
  } catch {
    // the stream of events tells that the daemon is gone
  }
}

async function refreshRuns(): Promise<void> {
  const [list, noted] = await Promise.all([asked<{ runs: RunRow[] }>(`${API}/runs?limit=100`), asked<{ events: Noted[] }>(`${API}/events?limit=20`)]);
  if (list) runs.value = list.runs;
  if (noted) events.value = noted.events;
}

let attempt = 0;
let lastWordMs = 0;
let stream: Maybe<AbortController> = null;

function lose(): void {
  stream?.abort();
  stream = null;
  if (access.peek() !== 'open') return;
  if (link.peek() !== 'connecting' || attempt > 0) link.value = 'gone';
  setTimeout(() => { void listen(); }, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
  attempt += 1;
}

async function listen(): Promise<void> {
  const own = new AbortController();
  stream?.abort();
  stream = own;
  lastWordMs = Date.now();
  try {
    for await (const event of eventsOf(`${API}/live`, own.signal)) {
      if (stream !== own) return;
      if (event.name === 'tick') takeTick(JSON.parse(event.data) as Overview);
      if (event.name === 'runs' || event.name === 'noted') void refreshRuns();
    }
  } catch {
    // It was cut: the same as an end.
  }
  if (stream === own) lose();
}

function takeTick(now: Overview): void {
  lastWordMs = Date.now();
  overview.value = now;
  if (link.peek() === 'live') return;
  link.value = 'live';
  attempt = 0;
  refreshAll();
}

function refreshAll(): void {
  void refreshHistory();
  void refreshProcesses();
  void refreshRuns();
}

// A daemon that hangs sends nothing, and its connection does not break.
function watchSilence(): void {
  const silenceMs = Math.max(10_000, (overview.peek()?.interval_seconds ?? 1) * 3000);
  if (stream && link.peek() === 'live' && Date.now() - lastWordMs > silenceMs) lose();
}

// With the token that somebody has typed.
export function enter(token: string): void {
  takeToken(token);
  void listen();
  refreshAll();
}

export function connect(): void {
  void listen();
  // Not to wait for the first event: the charts are what takes longest.
  refreshAll();
  const whileSeen = (call: () => void) => () => { if (!document.hidden && link.peek() === 'live') call(); };
  setInterval(whileSeen(() => { void refreshProcesses(); }), PROCESSES_EVERY_MS);
  const refreshAgain = (): void => {
    setTimeout(() => { whileSeen(() => { void refreshHistory(); })(); refreshAgain(); }, (looksClosely ? 3 : STEP_SECONDS) * 1000);
  };
  refreshAgain();
  setInterval(watchSilence, 1000);
  document.addEventListener('visibilitychange', whileSeen(refreshAll));
}
