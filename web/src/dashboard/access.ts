// SPDX-License-Identifier: Apache-2.0
// How the page asks its daemon: with the token where one is needed. The token is kept for this tab only and
// goes out as a header, never as a cookie: no other page can make the browser send it.
import { signal } from '@preact/signals';
import { EventReader, type ServerEvent } from '../data/event_text';

const KEPT_AS = 'ullage-token';

// open: the daemon answers, or has not been asked; needed: it wants a token; refused: another than was given.
export type Access = 'open' | 'needed' | 'refused';
export const access = signal<Access>('open');

let token = sessionStorage.getItem(KEPT_AS);

export function takeToken(text: string): void {
  token = text;
  sessionStorage.setItem(KEPT_AS, text);
  access.value = 'open';
}

export async function ask(path: string, more: RequestInit = {}): Promise<Response> {
  const used = token;
  const headers: Record<string, string> = used === null ? {} : { Authorization: `Bearer ${used}` };
  const response = await fetch(path, { cache: 'no-store', ...more, headers });
  if (response.status !== 401 || used !== token) return response;
  // All that is asked at the same time hears the same: the first of them tells it.
  access.value = used === null ? 'needed' : 'refused';
  token = null;
  sessionStorage.removeItem(KEPT_AS);
  return response;
}

// Ends when the daemon ends the stream, or is gone; throws when it is aborted.
export async function* eventsOf(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const response = await ask(path, { signal });
  if (!response.ok || !response.body) return;
  const reader = new EventReader();
  const decoder = new TextDecoder();
  const pieces = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return;
      yield* reader.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    void pieces.cancel().catch(() => undefined); // whoever stops listening hangs up
  }
}

// A link cannot send the token: who has one gets a ticket for that page.
export async function follow(event: MouseEvent, ticketPath: string): Promise<void> {
  if (token === null || !(event.currentTarget instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  const link = event.currentTarget;
  const isElsewhere = event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey;
  const response = await ask(ticketPath, { method: 'POST' });
  if (!response.ok) return;
  const { ticket } = (await response.json()) as { ticket: string };
  const address = `${link.href}?ticket=${encodeURIComponent(ticket)}`;
  if (isElsewhere) window.open(address, '_blank', 'noopener');
  else location.assign(address);
}
