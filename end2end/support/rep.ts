// A rep at the inbox.
import { expect, type Locator, type Page } from '@playwright/test';

import type { Credentials, Parlor } from './parlor';

/** Signs in by the form; done when the inbox lives. */
export async function signIn(page: Page, parlor: Parlor, { email, password }: Credentials): Promise<void> {
  await page.goto(`${parlor.origin}/inbox/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(parlor.inbox);
}

export class RepDesk {
  constructor(
    readonly page: Page,
    private readonly parlor: Parlor,
  ) {}

  /** The line of a conversation, by the visitor's name. */
  row(name: string): Locator {
    return this.page.locator('.inbox-row').filter({ has: this.page.locator('.inbox-row-name').getByText(name, { exact: true }) });
  }

  get rows(): Locator {
    return this.page.locator('.inbox-row');
  }

  get heading(): Locator {
    return this.page.locator('#thread-title');
  }

  get composer(): Locator {
    return this.page.getByLabel('Your message');
  }

  get texts(): Locator {
    return this.page.locator('.message-text');
  }

  get messages(): Locator {
    return this.page.locator('.message');
  }

  get delivery(): Locator {
    return this.page.locator('.inbox-card-delivery');
  }

  get link(): Locator {
    return this.page.locator('.inbox-bar-link');
  }

  message(text: string): Locator {
    return this.messages.filter({ has: this.page.locator('.message-text').getByText(text, { exact: true }) });
  }

  /** Goes to the inbox; done when it lives and its socket stands. */
  async open(path = '/inbox'): Promise<void> {
    await this.page.goto(`${this.parlor.origin}${path}`);
    await this.untilAlive();
  }

  async untilAlive(): Promise<void> {
    await expect(this.page.locator('.inbox-tool').first()).toBeEnabled({ timeout: 20_000 });
    await expect(this.link).toHaveText('');
  }

  /** Opens a conversation by a click on its line. */
  async choose(name: string): Promise<void> {
    await this.row(name).click();
    await expect(this.heading).toHaveText(name);
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Answers, and waits until Parlor has it on disk. */
  async say(text: string): Promise<void> {
    await this.write(text);
    await expect(this.message(text).last().getByText('Sent', { exact: true })).toBeAttached();
  }
}
