// SPDX-License-Identifier: Apache-2.0
// Starts the daemon's page.
import { render } from 'preact';
import { watchMedia } from '../charts/media';
import { connect } from './connection';
import { Page } from './page';

const root = document.getElementById('dashboard')!;
watchMedia();
root.replaceChildren();
render(<Page />, root);
connect();
