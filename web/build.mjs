// SPDX-License-Identifier: Apache-2.0
// Builds the report page: one HTML file with its style and script inside, and their hashes in its content
// security policy, so that nothing else can run and nothing can be fetched.
//   node build.mjs [--out FILE]     default dist/report.html
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const outFlag = process.argv.indexOf('--out');
const outFile = outFlag < 0 ? join(here, 'dist', 'report.html') : process.argv[outFlag + 1];
const BYTES_MAX = 400 * 1024;

async function bundle(entry, options) {
  const result = await build({
    entryPoints: [join(here, entry)], bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'warning', ...options,
  });
  return result.outputFiles[0].text.trimEnd();
}

const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const script = (await bundle('src/report/main.tsx', { format: 'iife', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact' }))
  .replaceAll('</script', '<\\/script');
const style = await bundle('src/theme.css', {});
const fill = { SCRIPT_HASH: hashOf(script), STYLE_HASH: hashOf(style), SCRIPT: script, STYLE: style };
const page = readFileSync(join(here, 'src/report/index.html'), 'utf8').replace(/%([A-Z_]+)%/g, (_, name) => fill[name]);

const placeholder = '<script type="application/json" id="ullage-data"></script>';
if (page.split(placeholder).length !== 2) throw new Error('the placeholder for the data must stand in the page exactly once');
const size = Buffer.byteLength(page);
if (size > BYTES_MAX) throw new Error(`the page has ${size} bytes, more than ${BYTES_MAX}`);
mkdirSync(dirname(outFile), { recursive: true });
writeFileSync(outFile, page);
console.log(`${outFile}: ${(size / 1024).toFixed(1)} KiB`);
