// SPDX-License-Identifier: Apache-2.0
// For tests and pictures: a real daemon on a free port, with a state directory of its own.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = join(process.env.ULLAGE_BIN ?? join(import.meta.dirname, '../../build/bin'), 'ullage');

export class Daemon {
  constructor(options = []) {
    this.options = options; // more of the daemon's own
    this.state = mkdtempSync(join(tmpdir(), 'ullage-daemon-'));
    this.port = 0;
  }

  // Until it says where it listens. A second start takes the same port, as after a crash.
  async start() {
    this.process = spawn(BINARY, ['daemon', '--state', this.state, '--listen', `127.0.0.1:${this.port}`, ...this.options], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    this.port = await new Promise((resolve, reject) => {
      this.process.stderr.on('data', (bytes) => {
        said += bytes;
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
        if (found) resolve(Number(found[1]));
      });
      this.process.on('error', reject);
      this.process.on('exit', (code) => reject(new Error(`the daemon ended with ${code}: ${said}`)));
    });
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  stop(signal = 'SIGTERM') {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.process.on('exit', resolve);
      this.process.kill(signal);
    });
  }

  async remove() {
    await this.stop();
    rmSync(this.state, { recursive: true, force: true });
  }

  // Returns the exit code of the command.
  run(options, command) {
    return spawnSync(BINARY, ['run', '--state', this.state, '--quiet', ...options, '--', ...command], { stdio: 'ignore' }).status;
  }
}
