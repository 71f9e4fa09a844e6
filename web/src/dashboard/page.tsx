// SPDX-License-Identifier: Apache-2.0
// The daemon's page from top to bottom: what is left and until when, the last hour, processes, runs, and what
// was noted.
import { visible } from '../data/text';
import { rooms, type Room } from '../data/machine';
import { formatCount, formatDuration } from '../data/units';
import { access } from './access';
import { link, overview, type Link } from './connection';
import { HourSection } from './hour';
import { ProcessesSection } from './processes';
import { EventsSection, RunsSection } from './runs';
import { TokenForm } from './token_form';

export function Page() {
  if (access.value !== 'open') return <div class="page"><Top /><main><TokenForm /></main></div>;
  return (
    <div class={link.value === 'gone' ? 'page is-gone' : 'page'}>
      <Top />
      <nav aria-label="Sections">
        <a href="#hour">The last hour</a><a href="#processes">Processes</a><a href="#runs">Runs</a><a href="#noted">Noted</a>
      </nav>
      <main>
        <Rooms />
        <Section id="hour" title="The last hour"><HourSection /></Section>
        <Section id="processes" title="Processes"><ProcessesSection /></Section>
        <Section id="runs" title="Runs"><RunsSection /></Section>
        <Section id="noted" title="Noted"><EventsSection /></Section>
      </main>
      <Foot />
    </div>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: preact.ComponentChildren }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

const LINKS: Record<Link, { look: string; sign: string; text: string }> = {
  connecting: { look: 'unsettled', sign: '…', text: 'connecting' },
  live: { look: 'good', sign: '●', text: 'live' },
  gone: { look: 'bad', sign: '✕', text: 'The daemon is gone. What is shown is as it was; trying again.' },
};

const LOCKED = { look: 'unsettled', sign: '▲', text: 'a token is needed' };

function Top() {
  const { look, sign, text } = access.value === 'open' ? LINKS[link.value] : LOCKED;
  const host = visible(overview.value?.host ?? '');
  return (
    <header>
      <p class="line">
        <span class={`badge ${look}`} role="status"><span aria-hidden="true">{sign} </span>{text}</span>
        <span class="quiet">Ullage</span>
      </p>
      <h1><bdi>{host || 'This machine'}</bdi></h1>
    </header>
  );
}

const OUTCOME_SIGNS = { good: '', unsettled: '▲ ', bad: '◆ ' };

function Rooms() {
  const now = overview.value;
  return (
    <ul class="rooms" aria-label="What is left">
      {now === null
        ? ['Memory', 'CPU', 'Disk'].map((title) => <li class="room" key={title}><h2>{title}</h2><p class="left">…</p><p class="sentence quiet">Asking the daemon.</p></li>)
        : rooms(now).map((room) => <RoomCard key={room.id} room={room} />)}
    </ul>
  );
}

function RoomCard({ room }: { room: Room }) {
  return (
    <li class={room.share === null ? 'room' : `room ${room.outcome}`} id={room.id}>
      <h2><bdi>{room.title}</bdi></h2>
      {room.left === null ? <p class="left untold">not known</p> : <p class="left"><b>{room.left}</b> left <span class="quiet">{room.of}</span></p>}
      <div class="meter" aria-hidden="true">
        <span class={room.outcome === 'bad' ? 'full' : ''} style={{ width: `${Math.min(100, (room.share ?? 0) * 100)}%` }} />
      </div>
      <p class="sentence">{room.share !== null && <span class={`sign ${room.outcome === 'bad' ? 'critical' : 'warning'}`} aria-hidden="true">{OUTCOME_SIGNS[room.outcome]}</span>}{room.sentence}</p>
    </li>
  );
}

function Foot() {
  const now = overview.value;
  if (now === null) return <footer><p>Ullage</p></footer>;
  return (
    <footer>
      <p>
        Ullage {visible(now.version)}, watching for {formatDuration((now.time_ms - now.start_ms) / 1000)}, each {formatDuration(now.interval_seconds)}: {formatCount(now.series)} series. This page asks nobody but this daemon.
      </p>
    </footer>
  );
}
