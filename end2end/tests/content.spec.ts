// What people write is text, on both sides; and a reader is left where they read.
import { PlainVisitor } from '../support/plain_visitor';
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'content' });

test('a40 a42 markup, templates and right-to-left text are shown as they were typed, on both sides', async ({
  parlor,
  newVisitor,
  newRep,
}) => {
  const rep = await newRep();
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  const person = somebody('<img src=x onerror=alert(1)>', '{{7*7}}');
  await visitor.register(person);
  const name = '<img src=x onerror=alert(1)> {{7*7}}';
  const texts = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(2)</script>',
    '{{7*7}} ${7*7} {{constructor.constructor("alert(3)")()}}',
    'مرحبا، هل الشحن مجاني؟',
    'שלום, a mixed line \u202eעם כיוון\u202c.',
    '  spaces   stay\n\n\tand tabs',
  ];
  for (const text of texts) {
    await visitor.say(text.trim());
  }
  const shown = texts.map((text) => text.trim());
  await rep.choose(name);
  expect(await rep.texts.allTextContents()).toEqual(shown);
  expect(await visitor.texts.allTextContents()).toEqual(shown);
  await expect(rep.page.locator('.inbox-card h3').first()).toHaveText(name);
  for (const text of ['<svg onload=alert(4)>', 'نعم، مجاني.']) {
    await rep.say(text);
  }
  await expect(visitor.texts.nth(6)).toHaveText('<svg onload=alert(4)>');
  for (const side of [visitor.widget.locator('.message-text'), rep.texts]) {
    await expect(side.locator('img, script, svg, b')).toHaveCount(0);
    await expect(side.nth(3)).toHaveCSS('direction', 'rtl');
    await expect(side.nth(0)).toHaveCSS('direction', 'ltr');
  }
  await expect.poll(() => parlor.transcript(person.email)).toContain(`FROM: ${name} (visitor)`);
});

test('a41 web and mail addresses are links with a safe rel; what leads elsewhere than it says is not', async ({
  parlor,
  newVisitor,
  newRep,
}) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Tim', 'Links'));
  await visitor.say('See https://example.com/a?b=c, or mailto:help@example.com. HTTP://example.org!');
  await visitor.say('javascript:alert(1) jAvAsCrIpT:alert(1) data:text/html,x //evil.example https://bank.com@evil.example');
  const rep = await newRep();
  await rep.choose('Tim Links');
  for (const side of [visitor.messages, rep.messages]) {
    const links = side.nth(0).getByRole('link');
    await expect(links).toHaveText(['https://example.com/a?b=c', 'mailto:help@example.com', 'HTTP://example.org']);
    for (const link of await links.all()) {
      await expect(link).toHaveAttribute('rel', 'noopener noreferrer nofollow ugc');
      await expect(link).toHaveAttribute('target', '_blank');
      expect(await link.getAttribute('href')).toBe(await link.textContent());
    }
    await expect(side.nth(1).getByRole('link')).toHaveCount(0);
  }
});

test('a reader who scrolled up stays where they read, and a button leads to what is new', async ({ parlor, newVisitor, newRep }) => {
  const visitor = await newVisitor();
  const rep = await newRep();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Sophie', 'Scroll'));
  for (let number = 1; number <= 8; number += 1) {
    await visitor.say(`${number}: ${'a long line that fills the pane '.repeat(6)}`);
  }
  await rep.choose('Sophie Scroll');
  await rep.say('At the end this comes into view.');
  await expect(visitor.messages.last()).toBeInViewport();

  const first = visitor.messages.first();
  await visitor.scroller.evaluate((scroller) => scroller.scrollTo({ top: -scroller.scrollHeight }));
  await expect(first).toBeInViewport();
  const before = await first.boundingBox();
  await rep.say('This waits below.');
  const button = visitor.widget.getByRole('button', { name: 'New messages' });
  await expect(button).toBeVisible();
  expect((await first.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
  await expect(visitor.messages.last()).not.toBeInViewport();
  await button.click();
  await expect(visitor.messages.last()).toBeInViewport();
  await expect(visitor.texts.last()).toHaveText('This waits below.');
  await expect(button).toBeHidden();

  await test.step('what one writes oneself is always in view', async () => {
    await visitor.scroller.evaluate((scroller) => scroller.scrollTo({ top: -scroller.scrollHeight }));
    await expect(first).toBeInViewport();
    await visitor.say('Mine.');
    await expect(visitor.messages.last()).toBeInViewport();
  });
});

test('of 120 messages the last hundred are there at once, and the rest on scrolling up, without a jump', async ({ parlor, newRep }) => {
  const visitor = await PlainVisitor.register(parlor, somebody('Cent', 'Vingt'));
  for (let number = 1; number <= 120; number += 1) {
    await visitor.say(`message ${number}`);
  }
  const rep = await newRep();
  await rep.choose('Cent Vingt');
  await expect(rep.messages).toHaveCount(100);
  await expect(rep.texts.last()).toHaveText('message 120');
  await expect(rep.messages.last()).toBeInViewport();
  await expect(rep.texts.first()).toHaveText('message 21');
  const oldest = rep.message('message 21');
  await oldest.scrollIntoViewIfNeeded();
  await expect(rep.messages).toHaveCount(120);
  await expect(rep.texts.first()).toHaveText('message 1');
  await expect(oldest).toBeInViewport();
  const numbers = Array.from({ length: 120 }, (_, place) => `message ${place + 1}`);
  expect(await rep.texts.allTextContents()).toEqual(numbers);
  await expect(rep.page.getByRole('button', { name: 'Earlier messages' })).toBeHidden();
});
