// Parlor is killed or restarted while people write: nothing is lost, nothing comes twice, the order holds.
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'restart' });

/** What Chromium says of a socket whose server is away. */
const SOCKET_LOST = /WebSocket connection to .* failed/;

for (const { signal, code } of [
  { signal: 'SIGKILL', code: null },
  { signal: 'SIGTERM', code: 0 },
] as const) {
  test(`what a visitor writes while Parlor is away after ${signal} is sent when it is back`, async ({
    parlor,
    problems,
    newVisitor,
    signedIn,
  }) => {
    problems.allow(SOCKET_LOST);
    const person = somebody('Ada', signal);
    const kim = await parlor.addRep('Kim');
    const rep = await signedIn(kim);
    const visitor = await newVisitor();
    await visitor.open(parlor.demo);
    await visitor.register(person);
    await visitor.say('before');
    await rep.choose(`Ada ${signal}`);
    await rep.say('answer before');
    await expect(visitor.texts).toHaveText(['before', 'answer before']);

    expect(await parlor.end(signal)).toBe(code);
    await visitor.write('first away');
    await visitor.write('second away');
    await expect(visitor.texts).toHaveText(['before', 'answer before', 'first away', 'second away']);
    await expect(visitor.message('first away').getByText('Sending')).toBeAttached();
    await expect(visitor.message('second away').getByText('Sending')).toBeAttached();
    await expect(visitor.widget.getByText('Messages are sent once the connection stands.')).toBeVisible();
    await expect(rep.link).toContainText('What you write is sent when the connection is back.');
    await expect(rep.texts).toHaveText(['before', 'answer before']);

    await parlor.launch();
    const all = ['before', 'answer before', 'first away', 'second away'];
    await expect(visitor.message('second away').getByText('Sent', { exact: true })).toBeAttached({ timeout: 30_000 });
    await expect(visitor.widget.getByText('Messages are sent once the connection stands.')).toBeHidden();
    await expect(rep.texts).toHaveText(all, { timeout: 30_000 });
    await rep.say('answer after');
    await expect(visitor.texts).toHaveText([...all, 'answer after']);
    await expect
      .poll(async () => said(await parlor.transcript(person.email)), { timeout: 30_000 })
      .toEqual([...all, 'answer after']);
    await expect(rep.delivery).toHaveText('in HubSpot up to message 5');
  });
}

test('what a rep writes while Parlor is away is shown as not sent yet, and sent when it is back', async ({
  parlor,
  problems,
  newVisitor,
  signedIn,
}) => {
  problems.allow(SOCKET_LOST);
  const rep = await signedIn(await parlor.addRep('Sasha'));
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Mary', 'Somerville'));
  await visitor.say('Are you there?');
  await rep.choose('Mary Somerville');
  await expect(rep.texts).toHaveText(['Are you there?']);

  await parlor.end('SIGKILL');
  await rep.write('Yes.');
  await expect(rep.message('Yes.').getByText('Sending')).toBeAttached();
  await expect(rep.link).toContainText('What you write is sent when the connection is back.');

  await test.step('what waits survives a look at another place', async () => {
    await rep.page.keyboard.press('Escape');
    await rep.page.keyboard.press('Escape');
    await expect(rep.heading).toHaveCount(0);
  });

  await parlor.launch();
  await expect(visitor.texts).toHaveText(['Are you there?', 'Yes.'], { timeout: 30_000 });
  await rep.choose('Mary Somerville');
  await expect(rep.texts).toHaveText(['Are you there?', 'Yes.']);
  await expect(rep.message('Yes.').getByText('Sent', { exact: true })).toBeAttached();
});

test('while HubSpot is down nobody in the chat waits, and the card says why', async ({ parlor, newVisitor, signedIn }) => {
  const person = somebody('Emmy', 'Noether');
  const rep = await signedIn(await parlor.addRep('Toni'));
  await parlor.control('down', { down: true });
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(person);
  await visitor.say('Nobody waits.');
  await rep.choose('Emmy Noether');
  await rep.say('No.');
  await expect(visitor.texts).toHaveText(['Nobody waits.', 'No.']);
  await expect(rep.delivery).toContainText('waiting:', { timeout: 20_000 });
  await parlor.control('down', { down: false });
  await expect(rep.delivery).toHaveText('in HubSpot up to message 2', { timeout: 45_000 });
});

/** The texts of a transcript's messages, in its order. */
function said(transcript: string): string[] {
  return [...transcript.matchAll(/^MESSAGE: (.*)$/gm)].map(([, text]) => text);
}
