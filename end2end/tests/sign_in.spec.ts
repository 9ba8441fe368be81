// Who may sit at the inbox: signing in and out, and one's own password.
import { expect, test } from '../support/test';
import { signIn } from '../support/rep';
import { PlainVisitor } from '../support/plain_visitor';
import { somebody } from '../support/visitor';

test.use({ server: 'sign_in' });

/** A form that is refused is answered with a status that Chromium tells its console. */
const REFUSED = /status of (422|429) /;

test('whoever is not signed in is led to the form, and from there to where they wanted', async ({ parlor, newContext }) => {
  const visitor = await PlainVisitor.register(parlor, somebody('Next', 'Page'));
  await visitor.say('Hello.');
  const page = await (await newContext()).newPage();
  await page.goto(parlor.inbox);
  await expect(page).toHaveURL(/\/inbox\/sign-in/);
  await signIn(page, parlor, parlor.demoRep);
  await page.locator('.inbox-row').click();
  await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]{36}$/);
  const conversation = page.url();

  const other = await (await newContext()).newPage();
  await other.goto(conversation);
  await expect(other).toHaveURL(/\/inbox\/sign-in\?next=/);
  await other.getByLabel('E-mail').fill(parlor.demoRep.email);
  await other.getByLabel('Password').fill(parlor.demoRep.password);
  await other.getByLabel('Password').press('Enter');
  await expect(other).toHaveURL(conversation);
  await expect(other.locator('.message-text')).toHaveText(['Hello.']);
});

test('a wrong password and an unknown address are refused with the same words; guessing is slowed down', async ({
  parlor,
  problems,
  newContext,
}) => {
  problems.allow(REFUSED);
  const kim = await parlor.addRep('Kim');
  const page = await (await newContext()).newPage();
  await page.goto(`${parlor.origin}/inbox/sign-in`);
  const attempt = async (email: string, password: string) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Sign in' }).click();
    return (await answer).status();
  };
  const alert = page.getByRole('alert');
  expect(await attempt(kim.email, 'not the password')).toBe(422);
  await expect(alert).toHaveText('E-mail or password is not right.');
  await expect(page.getByLabel('E-mail')).toHaveValue(kim.email);
  await expect(page.getByLabel('Password')).toHaveValue('');
  expect(await attempt('nobody@parlor.example', 'not the password')).toBe(422);
  await expect(alert).toHaveText('E-mail or password is not right.');

  await expect.poll(() => attempt(kim.email, 'a guess'), { intervals: [0] }).toBe(429);
  await expect(alert).toHaveText(/^Too many attempts; try again in \d+ minutes?\.$/);
});

test('signing out ends the session, in other tabs as well', async ({ parlor, signedIn }) => {
  const rep = await signedIn(await parlor.addRep('Lou'));
  const { page } = rep;
  const second = await page.context().newPage();
  await second.goto(parlor.inbox);
  await expect(second.locator('.inbox-tool').first()).toBeEnabled();

  await page.getByText('Lou', { exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/inbox\/sign-in$/);
  await page.goto(parlor.inbox);
  await expect(page).toHaveURL(/\/inbox\/sign-in/);

  await expect(second).toHaveURL(/\/inbox\/sign-in/, { timeout: 15_000 });
});

test('one’s own password is changed with the old one, and ends one’s other sessions', async ({
  parlor,
  problems,
  signedIn,
  newContext,
}) => {
  problems.allow(REFUSED);
  const max = await parlor.addRep('Max');
  const elsewhere = await signedIn(max);
  const { page } = await signedIn(max);
  await page.getByText('Max', { exact: true }).click();
  await page.getByRole('link', { name: 'Change password' }).click();
  const change = async (current: string, fresh: string, again: string) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password', { exact: true }).fill(fresh);
    await page.getByLabel('New password again').fill(again);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  const fresh = 'quite another password';
  await change('wrong', fresh, fresh);
  await expect(page.getByLabel('Current password')).toHaveAccessibleDescription('This is not your current password.');
  await change(max.password, 'short', 'short');
  await expect(page.getByLabel('New password', { exact: true })).toHaveAccessibleDescription('Please use at least 12 characters.');
  await change(max.password, fresh, `${fresh}?`);
  await expect(page.getByLabel('New password again')).toHaveAccessibleDescription('The two new passwords differ.');
  await change(max.password, fresh, fresh);
  await expect(page.getByRole('status')).toHaveText('Your password is changed. Your other sessions are signed out.');

  await page.getByRole('link', { name: 'Back to the inbox' }).click();
  await expect(page).toHaveURL(parlor.inbox);
  await expect(elsewhere.page).toHaveURL(/\/inbox\/sign-in/, { timeout: 15_000 });
  await signIn(await (await newContext()).newPage(), parlor, { ...max, password: fresh });
});
