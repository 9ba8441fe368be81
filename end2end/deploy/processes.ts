// Programs that a deployment consists of, started on free ports of this machine and ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { Readable } from 'node:stream';

/** A running program: what it has said so far, and how to end it. */
export class Program {
  output = '';
  private readonly ended: Promise<unknown>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(child, 'exit');
  }

  /** Starts a program and waits until it takes connections on every one of these ports. */
  static async start(
    name: string,
    command: string,
    parameters: string[],
    options: { folder: string; environment?: Record<string, string>; ports: number[] },
  ): Promise<Program> {
    const child = spawn(command, parameters, {
      cwd: options.folder,
      // Nothing of the caller's own settings leads the program astray; /usr/sbin is where Debian keeps nginx.
      env: { HOME: options.folder, PATH: `${process.env.PATH}:/usr/sbin`, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const program = new Program(name, child);
    const missing = once(child, 'error').then(([error]) => {
      throw new Error(`${name} could not be started (setup/proxies.sh installs nginx and Caddy): ${error}`);
    });
    const broken = program.ended.then(() => {
      throw new Error(`${name} ended at once:\n${program.output}`);
    });
    await Promise.race([Promise.all(options.ports.map(untilOpen)), missing, broken]);
    // From here on its end is no surprise.
    missing.catch(() => {});
    broken.catch(() => {});
    return program;
  }

  /** Waits until it has said something. */
  async says(words: string): Promise<void> {
    const broken = this.ended.then(() => {
      throw new Error(`${this.name} ended before it said ${words}:\n${this.output}`);
    });
    broken.catch(() => {});
    while (!this.output.includes(words)) {
      await Promise.race([broken, once(this.child.stdout as Readable, 'data')]);
    }
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      await this.ended;
    }
    return this.child.exitCode;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilOpen(port: number): Promise<void> {
  const last = Date.now() + 15_000;
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (Date.now() > last) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
}
