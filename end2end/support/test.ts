// The test function of every spec: a Parlor for the file, browsers that are watched, visitors and reps.
import { type Browser, type BrowserContext, type BrowserContextOptions, expect, test as base } from '@playwright/test';

import { HostPage } from './host_page';
import { type Credentials, Parlor } from './parlor';
import { Problems } from './problems';
import { RepDesk, signIn } from './rep';
import { Visitor } from './visitor';

export { expect };

interface ForWorker {
  /** The spec file's name: files with different names get servers of their own. */
  server: string;
  /** Its settings beyond the usual, as environment variables. */
  settings: Record<string, string>;
  parlor: Parlor;
  /** The cookies of the demo's rep, who is signed in once for the file. */
  repState: Awaited<ReturnType<BrowserContext['storageState']>>;
}

interface ForTest {
  problems: Problems;
  /** A new browser context, watched. */
  newContext: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  /** A visitor in a browser of their own. */
  newVisitor: (options?: BrowserContextOptions) => Promise<Visitor>;
  /** The demo's rep in a browser of their own, signed in, at the inbox. */
  newRep: (options?: BrowserContextOptions) => Promise<RepDesk>;
  /** Somebody else, signed in by the form in a browser of their own. */
  signedIn: (credentials: Credentials, options?: BrowserContextOptions) => Promise<RepDesk>;
  /** Serves a host page until the test ends. */
  newHostPage: (html: () => string) => Promise<HostPage>;
}

async function signedInState(browser: Browser, parlor: Parlor) {
  const context = await browser.newContext();
  await signIn(await context.newPage(), parlor, parlor.demoRep);
  const state = await context.storageState();
  await context.close();
  return state;
}

export const test = base.extend<ForTest, ForWorker>({
  server: ['shared', { option: true, scope: 'worker' }],
  settings: [{}, { option: true, scope: 'worker' }],

  parlor: [
    async ({ server: _, settings }, use) => {
      const parlor = await Parlor.start(settings);
      await use(parlor);
      await parlor.remove();
      expect(parlor.output, 'what Parlor logged').not.toMatch(/panicked/);
    },
    { scope: 'worker' },
  ],

  repState: [
    async ({ browser, parlor }, use) => {
      await use(await signedInState(browser, parlor));
    },
    { scope: 'worker' },
  ],

  problems: [
    async ({}, use) => {
      const problems = new Problems();
      await use(problems);
      expect(problems.verdict(), 'what went wrong in the browsers').toEqual([]);
    },
    { auto: true },
  ],

  newContext: async ({ browser, problems }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      problems.watch(context);
      contexts.push(context);
      return context;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  newVisitor: async ({ newContext }, use) => {
    await use(async (options) => new Visitor(await (await newContext(options)).newPage()));
  },

  newRep: async ({ newContext, parlor, repState }, use) => {
    await use(async (options) => {
      const context = await newContext({ storageState: repState, ...options });
      const rep = new RepDesk(await context.newPage(), parlor);
      await rep.open();
      return rep;
    });
  },

  signedIn: async ({ newContext, parlor }, use) => {
    await use(async (credentials, options) => {
      const page = await (await newContext(options)).newPage();
      await signIn(page, parlor, credentials);
      const rep = new RepDesk(page, parlor);
      await rep.untilAlive();
      return rep;
    });
  },

  newHostPage: async ({}, use) => {
    const pages: HostPage[] = [];
    await use(async (html) => {
      const page = await HostPage.start(html);
      pages.push(page);
      return page;
    });
    await Promise.all(pages.map((page) => page.end()));
  },
});
