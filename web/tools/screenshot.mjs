// SPDX-License-Identifier: Apache-2.0
// A picture of a report, or of a daemon's page:
//   node tools/screenshot.mjs REPORT.html|URL OUT.png [--width 1440] [--height PX] [--scale 1] [--dark] [--print]
// Without --height the whole page, however long.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { launchBrowser } from './page.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '1440' }, height: { type: 'string' }, scale: { type: 'string', default: '1' },
    dark: { type: 'boolean', default: false }, print: { type: 'boolean', default: false },
  },
});
const [report, out] = positionals;
if (!report || !out) {
  console.error('usage: node tools/screenshot.mjs REPORT.html|URL OUT.png [--width 1440] [--height PX] [--scale 1] [--dark] [--print]');
  process.exit(2);
}

const browser = await launchBrowser();
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height ?? 1000) }, deviceScaleFactor: Number(values.scale), colorScheme: values.dark ? 'dark' : 'light',
  });
  await page.goto(/^https?:/.test(report) ? report : pathToFileURL(resolve(report)).href);
  await page.locator('.plot').first().waitFor();
  if (values.print) await page.emulateMedia({ media: 'print' });
  // The charts below the window are drawn when they come near it.
  const chartCount = await page.locator('.plot').count();
  for (let index = 0; index < chartCount; index += 1) await page.locator('.plot').nth(index).scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas')));
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: out, fullPage: values.height === undefined });
} finally {
  await browser.close();
}
