// What Parlor does to the page that embeds it: nothing before its visitor wants to chat, and nothing on pages it is not meant for.
import { pageWithSnippet } from '../support/host_page';
import { expect, test } from '../support/test';
import { somebody, Visitor } from '../support/visitor';

test.use({ server: 'host_page' });

test('a97 before any intent the page has the loader and nothing else; the iframe comes with the intent', async ({
  parlor,
  newContext,
}) => {
  const context = await newContext();
  const page = await context.newPage();
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.url().startsWith(parlor.origin)) {
      requests.push(new URL(request.url()).pathname);
    }
  });
  await page.addInitScript(() => {
    const seen = { writes: [] as string[], shift: 0 };
    Object.assign(window, { seen });
    const write = Storage.prototype.setItem;
    Storage.prototype.setItem = function (name, value) {
      seen.writes.push(`storage ${name}`);
      write.call(this, name, value);
    };
    const opened = indexedDB.open.bind(indexedDB);
    indexedDB.open = (name, version) => {
      seen.writes.push(`database ${name}`);
      return opened(name, version);
    };
    const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie') as PropertyDescriptor;
    Object.defineProperty(document, 'cookie', {
      get: () => cookie.get?.call(document),
      set: (value) => {
        seen.writes.push(`cookie ${value}`);
        cookie.set?.call(document, value);
      },
    });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        seen.shift += (entry as unknown as { value: number }).value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const seen = () => page.evaluate(() => (window as unknown as { seen: { writes: string[]; shift: number } }).seen);
  const launcher = page.locator('parlor-chat .launcher');
  const key = await parlor.demoWidget();

  await page.goto(parlor.demo);
  await expect(launcher).toBeVisible();
  await page.mouse.move(200, 200);
  await page.mouse.wheel(0, 800);
  await page.waitForLoadState('networkidle');
  expect(requests).toEqual([`/w/${key}/embed.js`]);
  expect(await context.cookies()).toEqual([]);
  expect(await seen()).toEqual({ writes: [], shift: 0 });
  await expect(page.locator('iframe')).toHaveCount(0);

  await launcher.hover();
  await expect(page.locator('parlor-chat iframe')).toHaveCount(1);
  await new Visitor(page).untilAlive();
  expect(requests).toContain(`/widget/${key}`);
  // Somebody who has only looked is nobody yet.
  expect(await context.cookies()).toEqual([]);
  await launcher.click();
  await expect(new Visitor(page).form).toBeVisible();
  expect(await seen()).toEqual({ writes: [], shift: 0 });
});

test('a6 a page that is not on the widget’s list shows nothing of it, and says so after a while', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  problems.expect(/frame-ancestors/);
  problems.allow(/net::ERR_BLOCKED_BY_RESPONSE|chrome-error/);
  const key = await parlor.demoWidget();
  const elsewhere = await newHostPage(() => pageWithSnippet(parlor.origin, key));
  const page = await (await newContext()).newPage();
  await page.clock.install();
  await page.goto(elsewhere.origin);
  await page.locator('parlor-chat .launcher').click();
  await expect(page.locator('parlor-chat')).toContainText('Loading the chat…');
  await page.clock.runFor(11_000);
  await expect(page.locator('parlor-chat')).toContainText('The chat could not be loaded here.');
  const way = page.getByRole('link', { name: 'Open the chat in a new tab' });
  await expect(way).toHaveAttribute('href', `${parlor.origin}/widget/${key}`);
  await expect(page.frameLocator('parlor-chat iframe').locator('form, .widget')).toHaveCount(0);
});

test('links of the page open the chat, Escape closes it, and what comes meanwhile is counted on the launcher', async ({
  parlor,
  newVisitor,
  newRep,
}) => {
  const visitor = await newVisitor();
  const { page } = visitor;
  await page.goto(parlor.demo);
  await page.getByRole('link', { name: 'Talk to us' }).first().click();
  await visitor.untilAlive();
  await visitor.register(somebody('Lise', 'Meitner'));
  await visitor.say('Back in a minute.');
  await visitor.composer.press('Escape');
  await expect(visitor.launcher).toHaveAttribute('aria-expanded', 'false');
  await expect(visitor.launcher).toBeFocused();

  const rep = await newRep();
  await rep.choose('Lise Meitner');
  await rep.say('Take your time.');
  await rep.say('We are here.');
  await expect(page.locator('parlor-chat .badge')).toHaveText('2 unread messages');
  await visitor.launcher.click();
  await expect(page.locator('parlor-chat .badge')).toBeEmpty();
  await expect(visitor.texts).toHaveText(['Back in a minute.', 'Take your time.', 'We are here.']);
  await visitor.widget.getByRole('button', { name: 'Close chat' }).click();
  await expect(visitor.launcher).toHaveAttribute('aria-expanded', 'false');
});

test('a widget added beside the running server works on its own site, with its own colour and greeting', async ({
  parlor,
  newHostPage,
  newVisitor,
}) => {
  let html = '';
  const host = await newHostPage(() => html);
  const key = await parlor.addWidget('Green <b>&</b> Sons', host.origin, [
    ...['--accent', '#0f6b3c', '--greeting', 'Ask “anything”, </script> even.', '--last-name-optional', '--at-start'],
  ]);
  html = pageWithSnippet(parlor.origin, key);
  const visitor = await newVisitor();
  await visitor.open(host.origin);
  await expect(visitor.widget.locator('.widget-name')).toHaveText('Green <b>&</b> Sons');
  await expect(visitor.widget.getByRole('heading')).toHaveText('Ask “anything”, </script> even.');
  await expect(visitor.launcher).toHaveCSS('background-color', 'rgb(15, 107, 60)');
  await expect(visitor.widget.locator('.widget-header')).toHaveCSS('background-color', 'rgb(15, 107, 60)');
  await expect(visitor.launcher).toHaveCSS('left', '20px');
  await expect(visitor.widget.getByText('Last name (optional)')).toBeVisible();
  await visitor.register({ ...somebody('Madonna', ''), last: '' });
  await visitor.say('One name is enough.');
});
