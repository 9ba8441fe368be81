// A visitor: the host page, its launcher, and the widget in its iframe.
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test';

/** What a visitor types into the form. */
export interface Person {
  first: string;
  last: string;
  email: string;
}

let peopleMade = 0;

/** Somebody nobody has met: each has an address of their own. */
export function somebody(first: string, last: string): Person {
  peopleMade += 1;
  const name = first.toLowerCase().replace(/[^a-z]/g, '') || 'somebody';
  return { first, last, email: `${name}.${process.pid}.${peopleMade}@example.com` };
}

/** A form sent back sooner than this after it was shown was not filled in by a person, thinks Parlor. */
const LEAST_MS = 1_000;

/** Waits until a person could have filled in a form that came at this time. */
export async function untilAPersonCouldHave(filledInSince: number): Promise<void> {
  await expect.poll(() => Date.now() - filledInSince, { intervals: [50], timeout: 5_000 }).toBeGreaterThan(LEAST_MS);
}

/** A click first, as a person would: what is typed goes to the frame that the browser holds for focused, and after the host
 * page has moved the focus about, a field of an iframe of another site may be focused in its document only. */
async function fill(field: Locator, text: string): Promise<void> {
  await field.click();
  await field.fill(text);
}

export class Visitor {
  /** The widget: in its iframe, or the whole page. */
  readonly widget: FrameLocator | Page;
  private shownAt = 0;

  /** `within` is the frame's selector; without one the widget is the page itself. */
  constructor(
    readonly page: Page,
    within: string | null = 'parlor-chat iframe',
  ) {
    this.widget = within === null ? page : page.frameLocator(within);
  }

  get launcher(): Locator {
    return this.page.locator('parlor-chat .launcher');
  }

  get form(): Locator {
    return this.widget.locator('form.registration');
  }

  get composer(): Locator {
    return this.widget.getByLabel('Your message');
  }

  /** Every message's text, oldest first. */
  get texts(): Locator {
    return this.widget.locator('.message-text');
  }

  get messages(): Locator {
    return this.widget.locator('.message');
  }

  get scroller(): Locator {
    return this.widget.locator('.messages-scroller');
  }

  /** A message by its whole text. */
  message(text: string): Locator {
    return this.messages.filter({ has: this.page.locator('.message-text').getByText(text, { exact: true }) });
  }

  field(name: 'first_name' | 'last_name' | 'email'): Locator {
    return this.widget.locator(`input[name=${name}]`);
  }

  /** What is said below a field. */
  error(name: 'first_name' | 'last_name' | 'email'): Locator {
    return this.widget.locator(`#${name}-error`);
  }

  /** Goes to a host page and opens the chat there; done when the widget lives. */
  async open(address: string): Promise<void> {
    await this.page.goto(address);
    await this.openChat();
  }

  /** Opens the chat on the host page; done when the widget lives. */
  async openChat(): Promise<void> {
    await this.launcher.click();
    await this.untilAlive();
  }

  /** The form checks for itself only once the page lives. */
  async untilAlive(): Promise<void> {
    await expect(this.widget.locator('form.registration[novalidate]')).toBeAttached({ timeout: 20_000 });
    this.shownAt = Date.now();
  }

  async fillIn({ first, last, email }: Person): Promise<void> {
    await fill(this.field('first_name'), first);
    await fill(this.field('last_name'), last);
    await fill(this.field('email'), email);
  }

  /** Sends the form, not sooner than a person could have filled it in. */
  async submit(): Promise<void> {
    await untilAPersonCouldHave(this.shownAt);
    await this.widget.getByRole('button', { name: 'Start the chat' }).click();
  }

  /** From the form to the chat. */
  async register(person: Person): Promise<void> {
    await this.fillIn(person);
    await this.submit();
    await expect(this.composer).toBeVisible();
  }

  /** Writes and sends; what is sent may still be on its way. */
  async write(text: string): Promise<void> {
    await fill(this.composer, text);
    await this.composer.press('Enter');
  }

  /** Writes, and waits until Parlor has it on disk. */
  async say(text: string): Promise<void> {
    await this.write(text);
    await expect(this.message(text).last().getByText('Sent', { exact: true })).toBeAttached();
  }
}
