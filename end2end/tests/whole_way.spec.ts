// The main job, as two people and a CRM see it: a visitor registers and writes, a rep answers, HubSpot shows both.
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'whole_way' });

test('a visitor chats from the demo page, a rep answers live, and HubSpot shows both messages', async ({
  parlor,
  newVisitor,
  newRep,
  newContext,
}) => {
  const ada = somebody('Ada', 'Lovelace');
  const rep = await newRep();
  await expect(rep.row('Ada Lovelace')).toHaveCount(0);

  const visitor = await newVisitor();
  await visitor.open(`${parlor.demo}/?utm_source=newsletter&utm_campaign=autumn`);
  await expect(visitor.widget.getByRole('heading')).toHaveText('Questions about our lamps? We are happy to help.');
  await visitor.register(ada);

  await test.step('the inbox shows the conversation without a reload', async () => {
    await expect(rep.row('Ada Lovelace')).toBeVisible();
    await expect(rep.row('Ada Lovelace')).toContainText('Registered; has written nothing yet');
    await visitor.say('Hello, do you ship to Iceland?');
    await expect(rep.row('Ada Lovelace')).toContainText('Hello, do you ship to Iceland?');
  });

  await test.step('the rep answers, and the visitor sees it at once', async () => {
    await rep.choose('Ada Lovelace');
    await expect(rep.texts).toHaveText(['Hello, do you ship to Iceland?']);
    await rep.say('Yes, we do!\nIn three days.');
    await expect(visitor.texts).toHaveText(['Hello, do you ship to Iceland?', 'Yes, we do!\nIn three days.']);
    await expect(visitor.messages.last().locator('.message-author')).toContainText('Robin (demo)');
    await expect(visitor.messages.last().locator('.badge')).toHaveText('rep');
  });

  await test.step('the card says how far HubSpot knows, and where the visitor came from', async () => {
    await expect(rep.delivery).toHaveText('in HubSpot up to message 2');
    const card = rep.page.locator('.inbox-card');
    await expect(card).toContainText(ada.email);
    await expect(card).toContainText('claimed');
    await expect(card).toContainText('newsletter');
    await expect(card).toContainText('autumn');
    await expect(card.getByRole('link', { name: 'Northwind Lamps' })).toHaveAttribute(
      'href',
      `${parlor.demo}/?utm_source=newsletter&utm_campaign=autumn`,
    );
  });

  await test.step('the contact’s page in HubSpot holds the transcript', async () => {
    const page = await (await newContext()).newPage();
    await page.goto(parlor.sandbox);
    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(ada.email);
    const transcript = (await page.locator('#chat_transcript').textContent()) ?? '';
    const moment = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
    const today = '\\d{4}-\\d\\d-\\d\\d';
    const address = `${parlor.demo}/?utm_source=newsletter&utm_campaign=autumn`.replace(/[?.+/]/g, '\\$&');
    expect(transcript).toMatch(
      new RegExp(
        [
          '^---- Parlor chat transcript: write above this line, what is below is replaced ----',
          '',
          `== Conversation [0-9a-f-]{36} \\| ${today} \\| widget: Northwind Lamps \\| page: ${address} \\| e-mail: ${ada.email} \\(claimed\\) ==`,
          '',
          'FROM: Ada Lovelace \\(visitor\\)',
          `SENT AT: ${moment}`,
          'MESSAGE: Hello, do you ship to Iceland\\?',
          '',
          'FROM: Robin \\(demo\\) \\(rep\\)',
          `SENT AT: ${moment}`,
          'MESSAGE: Yes, we do!',
          '  In three days\\.$',
        ].join('\n'),
      ),
    );
    // The page renews itself; what comes later grows the same property.
    await visitor.say('Wonderful, thank you.');
    await expect(page.locator('#chat_transcript')).toContainText('MESSAGE: Wonderful, thank you.');
    expect(await parlor.transcript(ada.email)).toContain(transcript);
  });
});

test('a contact that HubSpot knows keeps its name and gets a second conversation under the first', async ({ parlor, newVisitor }) => {
  const grace = somebody('Grace', 'Hopper');
  const first = await newVisitor();
  await first.open(parlor.demo);
  await first.register(grace);
  await first.say('From the office.');
  await expect.poll(() => parlor.transcript(grace.email)).toContain('From the office.');

  const second = await newVisitor();
  await second.open(parlor.demo);
  await second.register({ first: 'G.', last: 'H.', email: grace.email.toUpperCase() });
  await expect(second.texts).toHaveCount(0);
  await second.say('From home.');
  await expect.poll(() => parlor.transcript(grace.email)).toMatch(/From the office\.\n\n== Conversation [^]+FROM: G\. H\. [^]+From home\./);
  expect((await parlor.contact(grace.email))?.properties).toMatchObject({ firstname: 'Grace', lastname: 'Hopper' });
});

test('a reload in mid-conversation loses nothing, on either side', async ({ parlor, newVisitor, newRep }) => {
  const visitor = await newVisitor();
  const rep = await newRep();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Rosalind', 'Franklin'));
  await visitor.say('one');
  await rep.choose('Rosalind Franklin');
  await rep.say('two');

  await visitor.page.reload();
  await visitor.openChat();
  await expect(visitor.texts).toHaveText(['one', 'two']);
  await visitor.say('three');
  await expect(rep.texts).toHaveText(['one', 'two', 'three']);

  await rep.page.reload();
  await rep.untilAlive();
  await expect(rep.heading).toHaveText('Rosalind Franklin');
  await expect(rep.texts).toHaveText(['one', 'two', 'three']);
  await rep.say('four');
  await expect(visitor.texts).toHaveText(['one', 'two', 'three', 'four']);
});

test('two visitors at once do not see each other', async ({ parlor, newVisitor, newRep }) => {
  const [one, other] = [await newVisitor(), await newVisitor()];
  await Promise.all([one.open(parlor.demo), other.open(parlor.demo)]);
  await Promise.all([one.register(somebody('Castor', 'Gemini')), other.register(somebody('Pollux', 'Gemini'))]);
  await Promise.all([one.say('I am Castor.'), other.say('I am Pollux.')]);

  const rep = await newRep();
  await rep.choose('Castor Gemini');
  await rep.say('Hello Castor.');
  await rep.choose('Pollux Gemini');
  await expect(rep.texts).toHaveText(['I am Pollux.']);
  await rep.say('Hello Pollux.');

  await expect(one.texts).toHaveText(['I am Castor.', 'Hello Castor.']);
  await expect(other.texts).toHaveText(['I am Pollux.', 'Hello Pollux.']);
  await other.page.reload();
  await other.openChat();
  await expect(other.texts).toHaveText(['I am Pollux.', 'Hello Pollux.']);
  await expect(one.texts).toHaveText(['I am Castor.', 'Hello Castor.']);
});
