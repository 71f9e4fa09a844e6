// SPDX-License-Identifier: Apache-2.0
// Starts the report page on the data placed in it.
import { render } from 'preact';
import { watchMedia } from '../charts/media';
import { readReport } from '../data/read';
import { visible } from '../data/text';
import { Page } from './page';

const root = document.getElementById('report')!;
const result = readReport(document.getElementById('ullage-data')?.textContent ?? '');
watchMedia();
root.replaceChildren();
if ('data' in result) {
  document.title = `${visible(result.data.run.name || result.data.run.id)} · Ullage report`;
  render(<Page data={result.data} />, root);
} else {
  render(<main class="page"><h1>Ullage report</h1><p>{result.problem}</p></main>, root);
}
// The page is built after the browser has looked for the anchor of its address.
if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
