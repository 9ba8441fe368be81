// What a host page does by script: calls of `Parlor`, and HubSpot's chat as the sandbox draws it.
import type { Locator, Page } from '@playwright/test';

/** The loader's queue, as docs/embedding.md has it. */
export const QUEUE = '<script>window.Parlor = window.Parlor || function () { (Parlor.q = Parlor.q || []).push(arguments); };</script>';

type WithParlor = { Parlor: (...words: unknown[]) => void };

/** HubSpot's chat, which says whom it takes the visitor for. */
export function hubSpotChat(page: Page): Locator {
  return page.locator('#hubspot-messages-iframe-container');
}

/** Calls `Parlor` on the page. */
export function call(page: Page, command: string, options?: object): Promise<void> {
  return page.evaluate(([name, given]) => (window as never as WithParlor).Parlor(name, given), [command, options]);
}

/** The next event of this name, as the page's handler gets it. */
export function next(page: Page, event: string): Promise<Record<string, string>> {
  return page.evaluate(
    (name) =>
      new Promise<Record<string, string>>((resolve) => {
        (window as never as WithParlor).Parlor('on', { event: name, handler: resolve });
      }),
    event,
  );
}
