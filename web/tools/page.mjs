// SPDX-License-Identifier: Apache-2.0
// For tests and pictures: a page with data in it, and the browser to open it with (Debian's chromium, or
// what $CHROMIUM names).
import { chromium } from 'playwright-core';

const PLACEHOLDER = '<script type="application/json" id="ullage-data"></script>';

// As `ullage show -o` does it: no "<" in the data, so nothing in it can end the element.
export function filled(pageText, data) {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const [before, after] = pageText.split(PLACEHOLDER);
  return `${before}${PLACEHOLDER.replace('></', `>${json}</`)}${after}`;
}

export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
}
