// SPDX-License-Identifier: Apache-2.0
// The built page in a real browser, opened from a file with sample runs in it.
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayLong, HOSTILE } from '../testdata/samples.mjs';
import { filled, launchBrowser } from '../tools/page.mjs';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'ullage-report-'));
const committed = ['healthy', 'out-of-memory', 'hostile', 'untold'];
const cases = [...committed, 'day-long'];
let browser: Browser;

// The healthy run as if it had taken so long.
function lasting(seconds: number): object {
  const data = JSON.parse(readFileSync(join(here, '../testdata/healthy.json'), 'utf8')) as { run: { started_ms: number; wall_seconds: number }; times_ms: number[] };
  const factor = seconds / data.run.wall_seconds;
  return { ...data, run: { ...data.run, wall_seconds: seconds }, times_ms: data.times_ms.map((timeMs) => data.run.started_ms + Math.round((timeMs - data.run.started_ms) * factor)) };
}

beforeAll(async () => {
  const pageText = readFileSync(join(here, '../dist/report.html'), 'utf8');
  for (const name of committed) {
    writeFileSync(join(folder, `${name}.html`), filled(pageText, JSON.parse(readFileSync(join(here, `../testdata/${name}.json`), 'utf8'))));
  }
  writeFileSync(join(folder, 'day-long.html'), filled(pageText, dayLong()));
  writeFileSync(join(folder, 'ends-on-a-tick.html'), filled(pageText, lasting(330)));
  writeFileSync(join(folder, 'empty.html'), pageText);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Opened {
  page: Page;
  complaints: string[]; // console errors, script errors, requests
}

async function opened(name: string, options: { width?: number; dark?: boolean; hash?: string; script?: () => void } = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: 900 }, colorScheme: options.dark ? 'dark' : 'light' });
  const page = await context.newPage();
  const address = pathToFileURL(join(folder, `${name}.html`)).href;
  const complaints: string[] = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('request', (request) => { if (request.url() !== address && !request.url().startsWith('data:')) complaints.push(`request: ${request.url()}`); });
  if (options.script) await page.addInitScript(options.script);
  await page.goto(address + (options.hash ?? ''));
  return { page, complaints };
}

async function withPage(name: string, options: Parameters<typeof opened>[1], check: (opened: Opened) => Promise<void>): Promise<void> {
  const one = await opened(name, options);
  try {
    await check(one);
  } finally {
    await one.page.context().close();
  }
}

async function drawAll(page: Page): Promise<void> {
  const plots = page.locator('.plot');
  for (let index = 0; index < (await plots.count()); index += 1) await plots.nth(index).scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas')));
}

describe.each(cases)('%s', (name) => {
  describe.each([{ width: 1440, dark: false }, { width: 1440, dark: true }, { width: 390, dark: false }, { width: 390, dark: true }])('at $width px, dark: $dark', (look) => {
    test('draws all charts without an error, a request or a sideways scroll, and axe finds nothing serious', () =>
      withPage(name, look, async ({ page, complaints }) => {
        await drawAll(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
        await page.evaluate(axe.source);
        const found = await page.evaluate(async () => (await (window as unknown as { axe: typeof axe }).axe.run()).violations
          .filter((one) => one.impact === 'serious' || one.impact === 'critical')
          .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`));
        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
      }));
  });
});

// Notes each text on a canvas that does not lie within it.
function noteCutTexts(): void {
  const cut: string[] = [];
  Object.assign(globalThis, { cut });
  const original = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { a, b, c, e } = this.getTransform();
    const begin = a * x + c * y + e;
    const width = b === 0 ? this.measureText(text).width : 0; // turned ones stand at the side
    const before = this.textAlign === 'center' ? width / 2 : this.textAlign === 'right' ? width : 0;
    if (begin - before < -0.5 || begin - before + width > this.canvas.width + 0.5) cut.push(text);
    original.call(this, text, x, y);
  };
}

test.each([1440, 390])('the times below the charts are whole where the last stands at the end, at %i px', (width) =>
  withPage('ends-on-a-tick', { width, script: noteCutTexts }, async ({ page }) => {
    await drawAll(page);
    expect(await page.evaluate(() => (globalThis as unknown as { cut: string[] }).cut)).toEqual([]);
  }));

test('the page without data says so', () =>
  withPage('empty', {}, async ({ page, complaints }) => {
    expect(await page.locator('main').textContent()).toMatch(/holds no run yet/);
    expect(complaints).toEqual([]);
  }));

test('the verdict, the figures and the sections of a killed run are there', () =>
  withPage('out-of-memory', {}, async ({ page }) => {
    expect(await page.locator('.verdict').textContent()).toMatch(/^Killed by the kernel for exceeding its memory limit of 512 MiB after 3m 07s;/);
    expect(await page.locator('section').evaluateAll((all) => all.map((one) => one.id))).toEqual([
      'advice', 'memory', 'growth', 'cpu', 'io', 'pressure', 'processes', 'phases', 'events', 'limits', 'environment', 'repeat',
    ]);
    expect(await page.locator('footer').textContent()).toMatch(/Not shown: heap .*; own values \(the command reported none\)/);
    await page.locator('.advice a').first().click();
    expect(await page.locator('#memory').evaluate((section) => Math.abs(section.getBoundingClientRect().top) < 200 || 'far')).toBe(true);
  }));

test('names from outside stay text', () =>
  withPage('hostile', {}, async ({ page, complaints }) => {
    await drawAll(page);
    expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined();
    expect(await page.locator('#report img, #report script, #report b b').count()).toBe(0);
    expect(await page.locator('a').evaluateAll((all) => all.every((link) => link.getAttribute('href')!.startsWith('#')))).toBe(true);
    const text = await page.locator('body').evaluate((body) => body.querySelector('#report')!.textContent!);
    expect(text).toContain('<b>bold</b>\\x1b[31mred');
    expect(/[\u0000-\u0009\u001b\u202a-\u202e\u2066-\u2069]/.test(text)).toBe(false);
    expect(complaints).toEqual([]);
  }));

test('the command to repeat is copied as it is, hostile or not', () =>
  withPage('hostile', {}, async ({ page }) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => undefined);
    await page.locator('.repeat button').click();
    await page.waitForFunction(() => document.querySelector('.repeat [role=status]')!.textContent !== '');
    const said = await page.locator('.repeat [role=status]').textContent();
    expect(said).toMatch(/Copied|Selected/);
    if (said === 'Copied') expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`ullage run -- sh -c '${HOSTILE}'`);
  }));

test('a table twin holds the figures of its chart', () =>
  withPage('healthy', {}, async ({ page }) => {
    const report = JSON.parse(readFileSync(join(here, '../testdata/healthy.json'), 'utf8'));
    await page.locator('#memory .twin summary').click();
    const rows = await page.locator('#memory .twin tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    expect(rows.length).toBe(report.times_ms.length);
    const used = report.series.find((one: { name: string }) => one.name === 'ullage_run_used_bytes').values as number[];
    expect(rows.map((row) => row[2])).toEqual(used.map((bytes) => `${bytes / 2 ** 20 < 99.95 ? (bytes / 2 ** 20 < 9.995 ? (bytes / 2 ** 20).toFixed(2) : (bytes / 2 ** 20).toFixed(1)) : (bytes / 2 ** 20).toFixed(0)} MiB`));
  }));

test('keys move a cursor through all charts, and what it stands on is said', () =>
  withPage('healthy', {}, async ({ page }) => {
    const plot = page.locator('#memory .plot');
    await plot.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    const said = await page.locator('#memory [aria-live]').textContent();
    expect(said).toMatch(/^12\.4 s · 06:30:24\.\d\d UTC(, in [^:]+)?.*: used \d+ MiB, page cache 198 MiB\.$/);
    expect(await page.locator('#memory .legend b').first().textContent()).toMatch(/^2\d\d MiB$/);
    expect(await page.locator('#cpu .legend b').first().textContent()).toMatch(/^\d(\.\d+)?$/);
    expect(await page.locator('#memory .pill').textContent()).toContain('12.4 s');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#memory [aria-live]').textContent()).toMatch(/^0\.1 s/);
    await page.keyboard.press('Escape');
    expect(await page.locator('.pill').count()).toBe(0);
  }));

test('the mouse moves the cursor, dragging zooms every chart and a double click shows all', () =>
  withPage('healthy', {}, async ({ page }) => {
    const over = page.locator('#memory .u-over');
    const box = (await over.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    expect(await page.locator('#memory .pill').textContent()).toMatch(/6\.\d s/);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(box.x + 2, box.y + 40);
    expect(await page.locator('#memory .pill').textContent()).toMatch(/6\.\d s/);
    await over.dblclick({ position: { x: 3, y: 40 } });
    await page.mouse.move(box.x + 2, box.y + 42);
    expect(await page.locator('#memory .pill').textContent()).toMatch(/0\.\d s/);
  }));

test('processes sort by the column that is chosen', () =>
  withPage('day-long', {}, async ({ page }) => {
    const first = page.locator('.processes tbody tr').first();
    expect(await first.locator('th').textContent()).toMatch(/^postgres 1200/);
    await page.locator('.processes th button', { hasText: 'Threads' }).click();
    expect(await first.locator('td').nth(4).textContent()).toBe('9');
    expect(await page.locator('.processes th[aria-sort=descending]').textContent()).toMatch(/^Threads/);
    await page.locator('#processes .more').click();
    expect(await page.locator('.processes tbody tr').count()).toBe(50);
  }));

test('print shows every chart, in light colours, without what only a screen can use', () =>
  withPage('out-of-memory', { dark: true }, async ({ page, complaints }) => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas')));
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('.twin').first().isVisible()).toBe(false);
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--ink').trim())).toBe('#16191d');
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.length).toBeGreaterThan(50_000);
    expect(complaints).toEqual([]);
  }));

test('an address with an anchor opens at that section', () =>
  withPage('out-of-memory', { hash: '#events' }, async ({ page }) => {
    expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(500);
  }));

// What the person feels: from asking for the page to the first charts painted. The bound is ten times the
// usual figure, so that a busy machine does not fail it; the figure itself is told by the benchmark.
test('a run of 24 h with 50 processes opens at once', () =>
  withPage('day-long', {}, async ({ page }) => {
    await page.reload();
    await page.locator('.plot canvas').first().waitFor();
    const milliseconds = await page.evaluate(() => performance.getEntriesByType('navigation')[0]!.toJSON().loadEventEnd as number);
    console.log(`day-long: loaded after ${milliseconds.toFixed(0)} ms`);
    expect(milliseconds).toBeLessThan(2000);
  }));
