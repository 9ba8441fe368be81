// The sandbox HubSpot as anybody starts it: the built binary with `sandbox`, its records in memory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';

export const binary = path.resolve(process.env.PARLOR_BINARY ?? path.resolve(__dirname, '../../../target/release/parlor'));
const PATIENCE_MS = 20_000;

/** The token that every sandbox grants every scope. */
export const SANDBOX_TOKEN = 'pat-sandbox';

export class Sandbox {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts one on a free port. */
  static async start(): Promise<Sandbox> {
    const child = spawn(binary, ['sandbox'], {
      cwd: os.tmpdir(),
      env: { HOME: os.tmpdir(), PATH: process.env.PATH ?? '', PARLOR_SANDBOX_LISTEN: '127.0.0.1:0', PARLOR_SANDBOX_FILE: 'memory' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the sandbox did not start in time:\n${output}`)), PATIENCE_MS);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`the sandbox ended with ${code}:\n${output}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          const found = /^The sandbox HubSpot: (\S+)/m.exec(output)?.[1];
          if (found) {
            clearTimeout(timer);
            resolve(found);
          }
        });
      }
    });
    return new Sandbox(url, child);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, 'close');
      this.child.kill('SIGKILL');
      await closed;
    }
  }
}
