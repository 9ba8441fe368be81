// The browser: Debian's Chromium, kept from talking to anybody but the pages under test.

/** Another Chromium, on a machine that keeps it elsewhere: PARLOR_CHROMIUM. */
export const browserExecutable = process.env.PARLOR_CHROMIUM ?? '/usr/bin/chromium';

export const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
