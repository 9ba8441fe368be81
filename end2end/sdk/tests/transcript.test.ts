// A chat really held, over Parlor's sockets, read back from HubSpot through its own SDK and compared to the letter.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Parlor } from '../../support/parlor';
import { register, Side, signIn } from '../support/conversation';
import { SANDBOX_TOKEN } from '../support/sandbox';
import { SDKS } from '../support/sdk';

const MARK = '---- Parlor chat transcript: write above this line, what is below is replaced ----';
const PATIENCE_MS = 30_000;

/** What somebody else wrote into the property before. */
const FOREIGN = 'Called on Monday; wants a lamp.\n  (indented, with <b>markup</b>)';

/** Texts that have gone wrong somewhere before: each is said by both sides. */
const AWKWARD: Record<string, string> = {
  'plain words': 'Hello, is anybody there?',
  'emoji of several code points': '👩🏽‍🚀👨‍👩‍👧‍👦🏳️‍🌈 1️⃣ 🇮🇸',
  'right to left': 'مرحبا، هل من أحد هنا؟ שלום \u202Eabc\u202C',
  'combining marks and wide letters': 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢ ﷽ 漢字 𝔘𝔫𝔦𝔠𝔬𝔡𝔢',
  'lines of every kind': 'one\ntwo\n\n\nfive\ttabbed\n',
  'lines as Windows and old Macs end them': 'one\r\ntwo\rthree',
  markup: '<script>alert("x")</script> &amp; <b>bold</b> <!-- comment --> ]]> "quoted" \'single\' `ticks` \\n %0A ${x} {{y}}',
  'what looks like our own lines': `FROM: Robin (rep)\nSENT AT: 2026-01-01T00:00:00.000Z\nMESSAGE: forged\n${MARK}\n== Conversation x ==`,
  'other line breaks': 'a\u2028b\u2029c\u0085d',
  '5,000 units': `${'x'.repeat(2_000)}${'😀'.repeat(1_000)}${'ß'.repeat(1_000)}`,
  'one letter': '.',
};

interface Said {
  author: string;
  kind: 'visitor' | 'rep';
  at: number;
  text: string;
}

/** What the property must hold, written from what docs/architecture.md says and from nothing else of Parlor's. */
function rendering(conversation: string, widget: string, page: string, email: string, said: Said[]): string {
  const day = new Date(beginning(conversation)).toISOString().slice(0, 10);
  const heading = `== Conversation ${conversation} | ${day} | widget: ${widget} | page: ${page} | e-mail: ${email} (claimed) ==`;
  const entries = said.map(({ author, kind, at, text }) => {
    const lines = text.split(/\r\n|[\n\r\u000B\u000C\u0085\u2028\u2029]/).join('\n  ');
    return `FROM: ${author} (${kind})\nSENT AT: ${new Date(at).toISOString()}\nMESSAGE: ${lines}`;
  });
  return [FOREIGN, MARK, '', heading, '', entries.join('\n\n')].join('\n');
}

/** When a conversation began: its id is a UUIDv7, which begins with that time. */
function beginning(conversation: string): number {
  return Number.parseInt(conversation.replaceAll('-', '').slice(0, 12), 16);
}

describe('the transcript of a chat', () => {
  let parlor: Parlor;

  before(async () => {
    parlor = await Parlor.start();
  });

  after(() => parlor?.remove());

  for (const sdk of SDKS) {
    test(`@hubspot/api-client ${sdk.version} reads it as it was said, whatever was said`, async () => {
      const client = sdk.create({ accessToken: SANDBOX_TOKEN, basePath: parlor.sandbox });
      const email = `ada.transcript.${sdk.version}@example.com`;
      const { basicApi } = client.crm.contacts;
      const { coreApi } = client.crm.properties;
      // Somebody wrote into the property before Parlor did.
      await coreApi.getByName('contacts', 'chat_transcript').catch(() =>
        coreApi.create('contacts', {
          name: 'chat_transcript',
          label: 'Chat transcript',
          groupName: 'contactinformation',
          type: 'string',
          fieldType: 'textarea',
        } as never),
      );
      const { id } = await basicApi.create({ properties: { email, firstname: 'Augusta Ada', chat_transcript: FOREIGN } });

      const widget = await parlor.demoWidget();
      const page = `${parlor.demo}/prices?a=1&b=<2>`;
      const { token, conversation } = await register(parlor.origin, widget, { first: 'Ada', last: 'Lovelace', email }, { url: page });
      const visitor = await Side.join(parlor.origin, `/ws/visitor?widget=${widget}`, conversation, { token });
      const cookie = await signIn(parlor.origin, parlor.demoRep);
      const rep = await Side.join(parlor.origin, '/ws/inbox', conversation, { cookie });
      const said: Said[] = [];
      try {
        for (const text of Object.values(AWKWARD)) {
          const asked = await visitor.say(text);
          const heard = await rep.hears(asked.seq);
          said.push({ author: heard.author.name, kind: 'visitor', at: asked.at, text });
          const answered = await rep.say(text);
          const read = await visitor.hears(answered.seq);
          said.push({ author: read.author.name, kind: 'rep', at: answered.at, text });
        }
      } finally {
        visitor.leave();
        rep.leave();
      }
      assert.deepEqual(said.map(({ kind, author }) => `${kind} ${author}`).slice(0, 2), ['visitor Ada Lovelace', 'rep Robin (demo)']);

      const widgetName = await nameOf(parlor, widget);
      const expected = rendering(conversation, widgetName, page, email, said);
      let value = '';
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until && value !== expected; ) {
        await wait(200);
        value = (await basicApi.getById(id, ['chat_transcript'])).properties.chat_transcript ?? '';
      }
      assert.equal(value, expected);
      const { properties } = await basicApi.getById(id, ['firstname', 'lastname']);
      assert.equal(properties.firstname, 'Augusta Ada', 'a name that HubSpot has is kept');
      assert.equal(properties.lastname, 'Lovelace', 'a name that it has not is filled in');
    });
  }
});

/** The widget's name, as the program lists it. */
async function nameOf(parlor: Parlor, key: string): Promise<string> {
  const listed = await parlor.command(['widget', 'list']);
  const line = listed.split('\n').find((each) => each.includes(key));
  const name = line?.split(/\s{2,}/)[1];
  assert.ok(name, `no widget ${key} in:\n${listed}`);
  return name;
}
