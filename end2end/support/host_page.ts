// A page on somebody's site: a tiny server for HTML that a test makes up.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export class HostPage {
  private constructor(
    private readonly server: http.Server,
    /** By name, where Parlor is addressed by number: another site to the browser. */
    readonly origin: string,
  ) {}

  /** Serves `html` at every path; it is asked for at each request. */
  static async start(html: () => string): Promise<HostPage> {
    const server = http.createServer((request, response) => {
      if (request.url === '/favicon.ico') {
        response.writeHead(204).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new HostPage(server, `http://localhost:${(server.address() as AddressInfo).port}`);
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A page with a widget's snippet. `html` goes onto the root element. */
export function pageWithSnippet(parlor: string, key: string, { html = 'lang="en"', body = '<h1>A site</h1>' } = {}): string {
  return `<!doctype html><html ${html}><head><meta charset="utf-8"><title>A site</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <script async src="${parlor}/w/${key}/embed.js" data-widget="${key}"></script></head><body>${body}</body></html>`;
}

/** A page that frames a widget without its loader. */
export function pageWithFrame(address: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title></head>
    <body><h1>A site</h1><iframe title="Chat" src="${address}" width="380" height="640"></iframe></body></html>`;
}
