// What was written and not acknowledged: it goes out in the order of writing, and a closed tab does not lose it.
import { expect, test } from '../support/test';
import { RepDesk } from '../support/rep';
import { somebody, Visitor } from '../support/visitor';

test.use({ server: 'unsent' });

const SOCKET_LOST = /WebSocket connection to .* failed/;

test('more than the rate allows, written during an outage, arrives in the order of writing', async ({
  parlor,
  problems,
  newVisitor,
}) => {
  problems.allow(SOCKET_LOST);
  const person = somebody('Hedy', 'Lamarr');
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(person);
  await visitor.say('before');
  await parlor.end('SIGKILL');
  // Thirty pass at once, the rest by and by.
  const written = Array.from({ length: 36 }, (_, number) => `line ${number + 1}`);
  for (const text of written) {
    await visitor.write(text);
  }
  await parlor.launch();
  await expect(visitor.message('line 36').getByText('Sent', { exact: true })).toBeAttached({ timeout: 45_000 });
  const all = ['before', ...written];
  await expect(visitor.texts).toHaveText(all);
  await visitor.page.reload();
  await visitor.openChat();
  await expect(visitor.texts).toHaveText(all);
});

test('what a visitor wrote during an outage is sent when they come back in another tab', async ({
  parlor,
  problems,
  newContext,
}) => {
  problems.allow(SOCKET_LOST);
  // In a window of its own: browsers that block third-party cookies give an iframe no storage.
  const address = `${parlor.origin}/widget/${await parlor.demoWidget()}`;
  const context = await newContext();
  const visitor = new Visitor(await context.newPage(), null);
  await visitor.page.goto(address);
  await visitor.untilAlive();
  await visitor.register(somebody('Lise', 'Meitner'));
  await visitor.say('before');
  await parlor.end('SIGKILL');
  await visitor.write('away');
  await expect(visitor.message('away').getByText('Sending')).toBeAttached();
  await visitor.page.close();

  await parlor.launch();
  const again = new Visitor(await context.newPage(), null);
  await again.page.goto(address);
  await expect(again.message('away').getByText('Sent', { exact: true })).toBeAttached({ timeout: 30_000 });
  await expect(again.texts).toHaveText(['before', 'away']);
});

test('what a rep wrote during an outage is sent from wherever in the inbox they come back to', async ({
  parlor,
  problems,
  newVisitor,
  signedIn,
}) => {
  problems.allow(SOCKET_LOST);
  const rep = await signedIn(await parlor.addRep('Robin'));
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Chien-Shiung', 'Wu'));
  await visitor.say('Are you there?');
  await rep.choose('Chien-Shiung Wu');
  await expect(rep.texts).toHaveText(['Are you there?']);
  await parlor.end('SIGKILL');
  await rep.write('Yes.');
  await expect(rep.message('Yes.').getByText('Sending')).toBeAttached();
  const context = rep.page.context();
  await rep.page.close();

  await parlor.launch();
  const again = new RepDesk(await context.newPage(), parlor);
  await again.open();
  await expect(visitor.texts).toHaveText(['Are you there?', 'Yes.'], { timeout: 30_000 });
  await again.choose('Chien-Shiung Wu');
  await expect(again.texts).toHaveText(['Are you there?', 'Yes.']);
});
