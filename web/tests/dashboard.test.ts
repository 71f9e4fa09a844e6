// SPDX-License-Identifier: Apache-2.0
// The daemon's page in a real browser, served by a real daemon with a run in its state directory.
import axe from 'axe-core';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Daemon } from '../tools/daemon.mjs';
import { launchBrowser } from '../tools/page.mjs';

const HOSTILE = '<img src=x onerror=globalThis.pwned=1>\u202e\u001b[31m';
let browser: Browser;
let daemon: Daemon;

beforeAll(async () => {
  [browser, daemon] = await Promise.all([launchBrowser(), new Daemon().start()]);
  expect(daemon.run(['--name', 'sleeper'], ['sleep', '0.3'])).toBe(0);
  daemon.run(['--name', HOSTILE], ['sh', '-c', 'exit 3']);
  mkdirSync(join(daemon.state, 'runs'), { recursive: true });
  writeFileSync(join(daemon.state, 'runs/20200101-000000-aaaa.ullage'), 'no run');
});
afterAll(async () => {
  await browser?.close();
  await daemon?.remove();
});

interface Opened {
  page: Page;
  complaints: string[]; // console errors, script errors, requests to others
}

async function withPage(url: string, options: { width?: number; dark?: boolean }, check: (opened: Opened) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: 900 }, colorScheme: options.dark ? 'dark' : 'light' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('request', (request) => { if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(`request: ${request.url()}`); });
  try {
    await page.goto(url);
    await check({ page, complaints });
  } finally {
    await context.close();
  }
}

const isLive = (page: Page) => page.locator('header .badge.good').waitFor();

// axe runs in an isolated world, where the page's policy does not forbid it.
const seriousFindings = (page: Page) => page.evaluate(`${axe.source}; axe.run().then((told) => told.violations
  .filter((one) => one.impact === 'serious' || one.impact === 'critical')
  .map((one) => one.id + ': ' + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')))`);

async function drawAll(page: Page): Promise<void> {
  await isLive(page);
  await page.locator('.processes tbody tr').first().waitFor();
  await page.locator('.runs tbody tr').first().waitFor();
  await page.locator('.plot').first().waitFor({ timeout: 40_000 });
  const plots = page.locator('.plot');
  for (let index = 0; index < (await plots.count()); index += 1) await plots.nth(index).scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas')));
}

describe.each([{ width: 1440, dark: false }, { width: 1440, dark: true }, { width: 390, dark: false }, { width: 390, dark: true }])('at $width px, dark: $dark', (look) => {
  test('all of it is drawn without an error, a request elsewhere or a sideways scroll, and axe finds nothing serious', () =>
    withPage(daemon.url, look, async ({ page, complaints }) => {
      await drawAll(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      expect(await seriousFindings(page)).toEqual([]);
      expect(complaints).toEqual([]);
    }));
});

test('charts out of sight are drawn a moment later, for a picture of the whole page', () =>
  withPage(daemon.url, { width: 390 }, async ({ page }) => {
    await isLive(page);
    await page.locator('.plot').first().waitFor({ timeout: 40_000 });
    await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas')));
    expect(await page.evaluate(() => scrollY)).toBe(0);
  }));

test('what is left stands first, a sentence each', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    await isLive(page);
    expect(await page.locator('.room h2').evaluateAll((all) => all.map((one) => one.textContent!.split(' ')[0]))).toEqual(['Memory', 'CPU', 'Disk']);
    await page.waitForFunction(() => [...document.querySelectorAll('.room .left')].slice(0, 2).every((one) => / left of /.test(one.textContent!)));
    for (const sentence of await page.locator('.room .sentence').allTextContents()) expect(sentence).toMatch(/^([▲◆] )?[A-Z0-9].*\.$/);
  }));

test('the tick goes on', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    await isLive(page);
    const before = await page.locator('footer').textContent();
    await page.waitForFunction((text) => document.querySelector('footer')!.textContent !== text, before);
  }));

test('values at the cursor are those of the newest points', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    await drawAll(page);
    const before = await page.locator('.note.before').textContent();
    await page.waitForFunction((text) => document.querySelector('.note.before')!.textContent !== text, before, { timeout: 40_000 });
    const legend = page.locator('.chart .legend b').first();
    expect(await legend.textContent()).toMatch(/^max /);
    await page.locator('.plot').first().hover();
    await page.locator('.pill').first().waitFor();
    expect(await legend.textContent()).not.toMatch(/^max /);
  }));

test('processes come in the order that is chosen', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    await page.locator('.processes tbody tr').first().waitFor();
    expect(await page.locator('.processes th[aria-sort=descending]').textContent()).toMatch(/^Memory/);
    const asked = page.waitForRequest((request) => request.url().includes('sort=cpu'));
    await page.locator('.processes th button', { hasText: 'Cores' }).click();
    await asked;
    expect(await page.locator('.processes th[aria-sort=descending]').textContent()).toMatch(/^Cores/);
    await page.waitForFunction(() => {
      const cores = [...document.querySelectorAll('.processes tbody tr')].map((row) => Number(row.children[3]!.textContent));
      return cores.every((value, index) => index === 0 || value <= cores[index - 1]!);
    });
  }));

test('each run opens its report, which works under its own policy', () =>
  withPage(daemon.url, {}, async ({ page, complaints }) => {
    await page.locator('.runs a', { hasText: 'sleeper' }).click();
    await page.locator('.verdict').waitFor();
    expect(await page.locator('h1').textContent()).toBe('sleeper');
    expect(await page.title()).toBe('sleeper · Ullage report');
    expect(complaints).toEqual([]);
  }));

test('names from outside stay text', () =>
  withPage(daemon.url, {}, async ({ page, complaints }) => {
    const name = page.locator('.runs a', { hasText: '<img' });
    await name.waitFor();
    expect(await name.textContent()).toBe('<img src=x onerror=globalThis.pwned=1>‹U+202E›\\x1b[31m');
    expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined();
    expect(await page.locator('#dashboard img, #dashboard script').count()).toBe(0);
    expect(complaints).toEqual([]);
  }));

test('a file that is no run is listed with its problem', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    const row = page.locator('.runs tbody tr', { hasText: '20200101-000000-aaaa' });
    expect(await row.locator('.badge').textContent()).toBe('damaged');
    expect(await row.locator('a').count()).toBe(0);
  }));

test('a run that is made meanwhile appears by itself', () =>
  withPage(daemon.url, {}, async ({ page }) => {
    await page.locator('.runs tbody tr').first().waitFor();
    daemon.run(['--name', 'latecomer'], ['true']);
    await page.locator('.runs a', { hasText: 'latecomer' }).waitFor({ timeout: 15_000 });
  }));

test('a daemon that goes away and comes back is told of, and watched again', async () => {
  const other = await new Daemon().start();
  try {
    await withPage(other.url, {}, async ({ page }) => {
      await isLive(page);
      await page.locator('#runs .empty', { hasText: 'No run is recorded here yet.' }).waitFor();
      await other.stop('SIGKILL');
      await page.locator('header .badge.bad').waitFor();
      expect(await page.locator('header .badge').textContent()).toContain('The daemon is gone.');
      await other.start();
      await page.locator('header .badge.good').waitFor({ timeout: 20_000 });
    });
  } finally {
    await other.remove();
  }
});

describe('where the daemon asks for a token', () => {
  const TOKEN = 'f0e1d2c3b4a5968778695a4b3c2d1e0f'; // not a secret
  let guarded: Daemon;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ullage-token-'));
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'settings.yaml'), `server: {token_file: ${join(folder, 'token')}}\n`);
    guarded = await new Daemon(['--config', join(folder, 'settings.yaml')]).start();
    expect(guarded.run(['--name', 'sleeper'], ['sleep', '0.3'])).toBe(0);
    return () => rmSync(folder, { recursive: true, force: true });
  });
  afterAll(async () => guarded?.remove());

  const enter = async (page: Page, token: string) => {
    await page.locator('.token input').fill(token);
    await page.locator('.token button').click();
  };
  // The browser itself logs what is refused.
  const unexpected = (complaints: string[]) => complaints.filter((one) => !/status of 401/.test(one));

  test.each([{ width: 1440, dark: false }, { width: 1440, dark: true }, { width: 390, dark: false }, { width: 390, dark: true }])('the form fits, and axe finds nothing, at $width px, dark: $dark', (look) =>
    withPage(guarded.url, look, async ({ page, complaints }) => {
      await page.locator('.token').waitFor();
      expect(await page.locator('#processes, .room').count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      expect(await seriousFindings(page)).toEqual([]);
      expect(unexpected(complaints)).toEqual([]);
    }));

  test('the page asks for it, says when it is wrong, and lives with the right one, also when it is loaded again', () =>
    withPage(guarded.url, {}, async ({ page, complaints }) => {
      await enter(page, 'not the token at all');
      await page.locator('.token .said', { hasText: 'That was not the token.' }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('token');
      await enter(page, TOKEN);
      await isLive(page);
      await page.locator('.processes tbody tr').first().waitFor();
      const before = await page.locator('footer').textContent();
      await page.waitForFunction((text) => document.querySelector('footer')!.textContent !== text, before);
      expect(await page.evaluate(() => document.cookie)).toBe('');
      await page.reload();
      await isLive(page);
      expect(unexpected(complaints)).toEqual([]);
    }));

  test('reports open from the page, and from nowhere else', () =>
    withPage(guarded.url, {}, async ({ page }) => {
      await enter(page, TOKEN);
      const link = page.locator('.runs a', { hasText: 'sleeper' });
      const bare = await link.evaluate((one) => (one as HTMLAnchorElement).href);
      expect((await page.request.get(bare)).status()).toBe(401);
      const [other] = await Promise.all([page.context().waitForEvent('page'), link.click({ modifiers: ['Control'] })]);
      await other.locator('.verdict').waitFor();
      await other.reload();
      expect(await other.locator('h1').textContent()).toBe('sleeper');
      await other.close();
      await link.click();
      await page.locator('.verdict').waitFor();
    }));

  test('another tab is asked for the token itself', () =>
    withPage(guarded.url, {}, async ({ page }) => {
      await enter(page, TOKEN);
      await isLive(page);
      const other = await page.context().newPage();
      await other.goto(guarded.url);
      await other.locator('.token').waitFor();
    }));
});

test('a source of people\'s own that goes down is noted on the page while it is open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ullage-textfile-'));
  writeFileSync(join(folder, 'settings.yaml'), `daemon: {textfile_directory: ${folder}}\n`);
  const watching = await new Daemon(['--config', join(folder, 'settings.yaml')]).start();
  try {
    await withPage(watching.url, {}, async ({ page }) => {
      await isLive(page);
      writeFileSync(join(folder, 'backup.prom'), 'broken\n');
      await page.locator('#noted .events li', { hasText: 'backup.prom is down: line 1' }).waitFor({ timeout: 20_000 });
      writeFileSync(join(folder, 'backup.prom'), 'backup 1\n');
      await page.locator('#noted .events li', { hasText: 'backup.prom is no longer down' }).waitFor({ timeout: 20_000 });
    });
  } finally {
    await watching.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the page is one small file whose script and style are named by their hashes', async () => {
  const packed = readFileSync(join(import.meta.dirname, '../dist/dashboard.html.gz'));
  expect(packed.length).toBeLessThan(80 * 1024);
  const text = gunzipSync(packed).toString();
  expect(text).toMatch(/script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
  expect(text).not.toMatch(/(src|href)="https?:|url\(http|unsafe-inline/);
});
