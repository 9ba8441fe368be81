// What goes wrong in a browser while a test runs: console errors (a violated Content-Security-Policy is one), uncaught errors,
// failed requests, dialogs. Each fails the test, unless the test has said that it is to come.
import type { BrowserContext } from '@playwright/test';

export class Problems {
  private readonly found: string[] = [];
  private readonly expected: { pattern: RegExp; must: boolean }[] = [];

  /** Watches every page of a context, and every frame of those. */
  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.found.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (error) => this.found.push(`uncaught: ${error.error().stack ?? error.error().message}`));
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      this.found.push(`request failed: ${request.method()} ${request.url()} ${why}`);
    });
    context.on('dialog', (dialog) => {
      // A question before leaving is the page's good right and, unanswered, would hold the test up.
      this.found.push(`dialog: ${dialog.type()} ${dialog.message()}`);
      dialog.accept().catch(() => {});
    });
  }

  /** Something of this form has to come at least once. */
  expect(pattern: RegExp): void {
    this.expected.push({ pattern, must: true });
  }

  /** Something of this form may come: whether it does hangs on who is quicker. */
  allow(pattern: RegExp): void {
    this.expected.push({ pattern, must: false });
  }

  /** What came and was not announced, and what was announced and did not come. */
  verdict(): string[] {
    const unexpected = this.found.filter((text) => !this.expected.some(({ pattern }) => pattern.test(text)));
    const missing = this.expected
      .filter(({ pattern, must }) => must && !this.found.some((text) => pattern.test(text)))
      .map(({ pattern }) => `did not come: ${pattern}`);
    return [...unexpected, ...missing];
  }
}
