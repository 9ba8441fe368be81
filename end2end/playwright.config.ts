// How the browser tests run: on the machine's own Chromium, against the built binary, which each spec file starts for itself.
import { defineConfig } from '@playwright/test';

import { browserArguments, browserExecutable } from './support/browser';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  workers: 2,
  // A test that passes only when tried again would fail someone else.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    launchOptions: { executablePath: browserExecutable, args: browserArguments },
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Without the film of every page, which costs a third of the time.
    trace: { mode: 'retain-on-failure', screenshots: false, sources: false },
    screenshot: 'only-on-failure',
  },
});
