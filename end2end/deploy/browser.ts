// What a browser does with a deployment, without one: HTTP/2 requests and WebSockets over checked TLS, from an address of choice.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

/** Where to connect to, whom to trust, and which address of this machine to come from. */
export interface Way {
  origin: string;
  authority: string;
  from?: string;
}

function connect(way: Way, protocol: 'h2' | 'http/1.1'): tls.TLSSocket {
  const { hostname, port } = new URL(way.origin);
  const socket = net.connect({ host: '127.0.0.1', port: Number(port), localAddress: way.from ?? '127.0.0.1' });
  return tls.connect({ socket, servername: hostname, ca: way.authority, ALPNProtocols: [protocol] });
}

export interface Answer {
  status: number;
  headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  body: string;
}

/** One request over HTTP/2, as browsers make them. A body makes it a form's post. */
export async function request(way: Way, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const session = http2.connect(way.origin, { createConnection: () => connect(way, 'h2') });
  try {
    // A browser knows how long a form is, and says so.
    const form =
      body === undefined
        ? {}
        : {
            ':method': 'POST',
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
          };
    const stream = session.request({ ':path': path, ...form, ...headers });
    stream.setEncoding('utf8').end(body);
    const failed = once(session, 'error').then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    const [answered] = await Promise.race([once(stream, 'response'), failed]);
    let text = '';
    for await (const part of stream) {
      text += part;
    }
    return { status: answered[':status'], headers: answered, body: text };
  } finally {
    session.close();
  }
}

/** What the end of a socket says. */
export interface Close {
  code: number;
}

/** A WebSocket: as little of RFC 6455 as Parlor's frames need. */
export class Socket {
  private readonly waiting: ((frame: any) => void)[] = [];
  private readonly frames: any[] = [];
  private unread: Buffer;
  readonly closed: Promise<Close>;
  private tellClosed!: (close: Close) => void;

  private constructor(
    private readonly wire: tls.TLSSocket,
    head: Buffer,
  ) {
    this.closed = new Promise((resolve) => {
      this.tellClosed = resolve;
    });
    this.unread = head;
    wire.on('data', (bytes: Buffer) => {
      this.unread = Buffer.concat([this.unread, bytes]);
      this.read();
    });
    wire.on('error', () => {});
    wire.on('close', () => this.tellClosed({ code: 1006 }));
    this.read();
  }

  /** Asks for the upgrade; answers the socket, or the status with which it was refused. */
  static async open(way: Way, path: string, headers: Record<string, string>): Promise<Socket | number> {
    const wire = connect(way, 'http/1.1');
    await once(wire, 'secureConnect');
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${new URL(way.origin).host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    wire.write(`${lines.join('\r\n')}\r\n\r\n`);
    let answer = Buffer.alloc(0);
    for (;;) {
      const [bytes] = await once(wire, 'data');
      answer = Buffer.concat([answer, bytes]);
      const end = answer.indexOf('\r\n\r\n');
      if (end >= 0) {
        const status = Number(answer.toString('latin1').split(' ')[1]);
        if (status === 101) {
          return new Socket(wire, answer.subarray(end + 4));
        }
        wire.destroy();
        return status;
      }
    }
  }

  send(frame: object): void {
    const payload = Buffer.from(JSON.stringify(frame));
    this.write(0x1, payload);
  }

  /** The next frame of this type; others before it are passed over. */
  async next(type: string): Promise<any> {
    for (;;) {
      const frame =
        this.frames.shift() ??
        (await Promise.race([
          new Promise<any>((resolve) => {
            this.waiting.push(resolve);
          }),
          this.closed.then(({ code }) => {
            throw new Error(`the socket was closed with ${code} while ${type} was awaited`);
          }),
        ]));
      if (frame.type === type) {
        return frame;
      }
    }
  }

  private write(opcode: number, payload: Buffer): void {
    const mask = randomBytes(4);
    const head =
      payload.length < 126
        ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
        : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
    const masked = Buffer.from(payload.map((byte, place) => byte ^ mask[place % 4]));
    this.wire.write(Buffer.concat([head, mask, masked]));
  }

  private read(): void {
    for (;;) {
      if (this.unread.length < 2) {
        return;
      }
      const short = this.unread[1] & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.unread.length < start) {
        return;
      }
      const length = short < 126 ? short : short === 126 ? this.unread.readUInt16BE(2) : Number(this.unread.readBigUInt64BE(2));
      if (this.unread.length < start + length) {
        return;
      }
      const payload = this.unread.subarray(start, start + length);
      const opcode = this.unread[0] & 0x0f;
      this.unread = this.unread.subarray(start + length);
      if (opcode === 0x1) {
        const frame = JSON.parse(payload.toString());
        const waiting = this.waiting.shift();
        if (waiting) {
          waiting(frame);
        } else {
          this.frames.push(frame);
        }
      } else if (opcode === 0x8) {
        this.tellClosed({ code: payload.readUInt16BE(0) });
        this.write(0x8, Buffer.from(payload.subarray(0, 2)));
        this.wire.end();
      } else if (opcode === 0x9) {
        this.write(0xa, Buffer.from(payload));
      }
    }
  }

  end(): void {
    this.wire.destroy();
  }
}
