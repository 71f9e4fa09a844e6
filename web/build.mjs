// SPDX-License-Identifier: Apache-2.0
// Builds the pages: each one HTML file with its style and script inside, and their hashes in its content
// security policy, so that nothing else can run. A report fetches nothing; the daemon's page asks only the
// daemon it came from, and is packed here.
//   node build.mjs [--page report|dashboard --out FILE]     default: both into dist/
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const PLACEHOLDER = '<script type="application/json" id="ullage-data"></script>';
const PAGES = {
  report: { style: 'src/theme.css', placeholders: 1, isPacked: false, bytesMax: 400 * 1024, file: 'report.html' },
  dashboard: { style: 'src/dashboard/dashboard.css', placeholders: 0, isPacked: true, bytesMax: 120 * 1024, file: 'dashboard.html.gz' },
};

async function bundle(entry, options) {
  const result = await build({
    entryPoints: [join(here, entry)], bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'warning', ...options,
  });
  return result.outputFiles[0].text.trimEnd();
}

const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

async function buildPage(name, outFile) {
  const { style: styleFile, placeholders, isPacked, bytesMax } = PAGES[name];
  const script = (await bundle(`src/${name}/main.tsx`, { format: 'iife', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact' }))
    .replaceAll('</script', '<\\/script');
  const style = await bundle(styleFile, {});
  const fill = { SCRIPT_HASH: hashOf(script), STYLE_HASH: hashOf(style), SCRIPT: script, STYLE: style };
  const page = readFileSync(join(here, `src/${name}/index.html`), 'utf8').replace(/%([A-Z_]+)%/g, (_, key) => fill[key]);
  if (page.split(PLACEHOLDER).length !== 1 + placeholders) throw new Error(`the placeholder for data must stand in the ${name} ${placeholders} times`);
  const bytes = isPacked ? gzipSync(page, { level: 9 }) : Buffer.from(page);
  if (bytes.length > bytesMax) throw new Error(`the ${name} has ${bytes.length} bytes, more than ${bytesMax}`);
  mkdirSync(dirname(outFile), { recursive: true });
  writeFileSync(outFile, bytes);
  console.log(`${outFile}: ${(bytes.length / 1024).toFixed(1)} KiB`);
}

const { values } = parseArgs({ options: { page: { type: 'string' }, out: { type: 'string' } } });
for (const name of values.page ? [values.page] : Object.keys(PAGES)) await buildPage(name, values.out ?? join(here, 'dist', PAGES[name].file));
