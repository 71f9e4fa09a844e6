// SPDX-License-Identifier: Apache-2.0
// How long a report, or the page of a daemon, takes to open in Chromium: from the start of the navigation until the charts of the first
// window are painted. Prints JSON: milliseconds of each try, and their median.
//   node tools/open_time.mjs REPORT.html|http://127.0.0.1:9850/ [--tries 9]
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { launchBrowser } from './page.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { tries: { type: 'string', default: '9' } } });
if (positionals.length !== 1) {
  console.error('usage: node tools/open_time.mjs REPORT.html|URL [--tries 9]');
  process.exit(2);
}

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  await page.addInitScript(() => {
    // A frame is painted between the request for it and the next one.
    const look = () => {
      if (!document.querySelector('.plot canvas')) return requestAnimationFrame(look);
      return requestAnimationFrame(() => { globalThis.paintedMs = performance.now(); });
    };
    requestAnimationFrame(look);
  });
  const address = /^https?:/.test(positionals[0]) ? positionals[0] : pathToFileURL(resolve(positionals[0])).href;
  const milliseconds = [];
  for (let attempt = 0; attempt <= Number(values.tries); attempt += 1) {
    await page.goto('about:blank');
    await page.goto(address);
    await page.waitForFunction(() => globalThis.paintedMs !== undefined);
    // The first try also starts the renderer.
    if (attempt > 0) milliseconds.push(Math.round(await page.evaluate(() => globalThis.paintedMs)));
  }
  const sorted = [...milliseconds].sort((a, b) => a - b);
  console.log(JSON.stringify({ milliseconds, median: sorted[Math.floor(sorted.length / 2)] }));
} finally {
  await browser.close();
}
