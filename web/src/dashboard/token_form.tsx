// SPDX-License-Identifier: Apache-2.0
// Asks for the token of a daemon that wants one.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { access } from './access';
import { enter } from './connection';

export function TokenForm() {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []); // before anybody sees it
  const isRefused = access.value === 'refused';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') enter(text.trim());
  };
  return (
    <form class="token" onSubmit={submit} aria-labelledby="token-title">
      <h2 id="token-title">This daemon asks for its token</h2>
      <p>
        It is the first line of the file that <code>server.token_file</code> names in the daemon’s settings. This tab keeps it until it is closed.
      </p>
      <label for="token">Token</label>
      <div class="row">
        <input id="token" ref={field} type="password" autocomplete="current-password" spellcheck={false} value={text}
          aria-invalid={isRefused} aria-describedby="token-said" onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit">Look</button>
      </div>
      <p id="token-said" class="said" role="status">{isRefused && <><span class="sign critical" aria-hidden="true">◆ </span>That was not the token.</>}</p>
      {location.protocol === 'http:' && !isLocal(location.hostname) && (
        <p class="quiet">This page came unencrypted: whoever is on the way can read the token too.</p>
      )}
    </form>
  );
}

const isLocal = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '[::1]';
