// Webhooks: settings and subscriptions, and what then arrives, with its signatures.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { type Delivery, Receiver, type WebhookEvent } from '../support/receiver';
import { refused } from '../support/refusal';
import type { Session } from '../support/session';
import { contact } from './contacts';

export const webhooks = new Checks('webhooks');

type NewSubscription = Parameters<Session['client']['webhooks']['subscriptionsApi']['create']>[1];

/** The developer's client: this area takes the developer account's key, in the query. */
function developer(session: Session) {
  const { id, developerApiKey } = session.developerApp;
  const { settingsApi, subscriptionsApi } = session.clientWith({ developerApiKey }).webhooks;
  return { id, settingsApi, subscriptionsApi };
}

function subscription(eventType: string, more: Partial<NewSubscription> = {}): NewSubscription {
  return { eventType: eventType as NewSubscription['eventType'], active: true, ...more };
}

/** Subscribes a receiver to these, and does something while it listens. */
async function listening(session: Session, wanted: NewSubscription[], use: (receiver: Receiver) => Promise<void>): Promise<void> {
  const { id, settingsApi, subscriptionsApi } = developer(session);
  const receiver = await Receiver.start();
  try {
    await settingsApi.configure(id, { targetUrl: receiver.url, throttling: { maxConcurrentRequests: 10 } });
    for (const each of wanted) {
      await subscriptionsApi.create(id, each);
    }
    await use(receiver);
  } finally {
    await receiver.stop();
  }
}

const events = (deliveries: Delivery[]): WebhookEvent[] => deliveries.flatMap((delivery) => delivery.events);

webhooks.addWith(['developer app'], 'settings are set, read and cleared', async (session) => {
  const { id, settingsApi } = developer(session);
  const set = await settingsApi.configure(id, {
    targetUrl: 'https://www.example.com/webhooks',
    throttling: { maxConcurrentRequests: 7 },
  });
  assert.equal(session.last.status, 200);
  assert.equal(set.targetUrl, 'https://www.example.com/webhooks');
  const read = await settingsApi.getAll(id);
  assert.equal(read.throttling.maxConcurrentRequests, 7);
  await settingsApi.clear(id);
  assert.equal(session.last.status, 204);
});

webhooks.addWith(['developer app'], 'subscriptions are created, listed, read, changed and removed', async (session) => {
  const { id, settingsApi, subscriptionsApi } = developer(session);
  await settingsApi.configure(id, { targetUrl: 'https://www.example.com/webhooks', throttling: { maxConcurrentRequests: 10 } });
  const created = await subscriptionsApi.create(id, subscription('contact.propertyChange', { propertyName: 'jobtitle', active: false }));
  assert.equal(session.last.status, 201);
  assert.equal(created.eventType, 'contact.propertyChange');
  const subscriptionId = Number(created.id);
  const { results } = await subscriptionsApi.getAll(id);
  assert.ok(results.some((each) => each.id === created.id));
  assert.equal((await subscriptionsApi.getById(subscriptionId, id)).propertyName, 'jobtitle');
  assert.equal((await subscriptionsApi.update(subscriptionId, id, { active: true })).active, true);
  const batch = await subscriptionsApi.updateBatch(id, { inputs: [{ id: subscriptionId, active: false }] });
  assert.equal(batch.results[0]?.active, false);
  await subscriptionsApi.archive(subscriptionId, id);
  assert.equal(session.last.status, 204);
  await refused(404, subscriptionsApi.getById(subscriptionId, id));
});

webhooks.addWith(['developer app', 'control'], 'what arrives is signed, and the SDK’s Signature takes it', async (session) => {
  await listening(session, [subscription('contact.creation')], async (receiver) => {
    const ada = await contact(session, 'ada');
    const [delivery] = await receiver.until('the creation', (all) => all.length > 0);
    assert.ok(delivery);
    const { Signature } = session.sdk;
    const { clientSecret } = session.developerApp;
    const { headers, body: requestBody, method } = delivery;
    const [event] = delivery.events;
    assert.equal(event?.subscriptionType, 'contact.creation');
    assert.equal(String(event?.objectId), ada);
    assert.equal(event?.attemptNumber, 0);
    assert.equal(event?.appId, session.developerApp.id);

    assert.equal(headers['x-hubspot-signature-version'], 'v1');
    const v1 = { clientSecret, requestBody, signature: String(headers['x-hubspot-signature']), signatureVersion: 'v1' as const };
    assert.equal(Signature.isValid({ ...v1 }), true);
    assert.equal(Signature.isValid({ ...v1, requestBody: `${requestBody} ` }), false);

    const v3 = {
      clientSecret,
      requestBody,
      method,
      url: receiver.url,
      timestamp: Number(headers['x-hubspot-request-timestamp']),
      signature: String(headers['x-hubspot-signature-v3']),
      signatureVersion: 'v3' as const,
    };
    assert.equal(Signature.isValid({ ...v3 }), true);
    assert.equal(Signature.isValid({ ...v3, url: `${receiver.url}?` }), false);
    assert.equal(Signature.isValid({ ...v3, clientSecret: 'another secret' }), false);
  });
});

webhooks.addWith(['developer app', 'control'], 'creation, change, merge, deletion and privacy deletion are told', async (session) => {
  const wanted = [
    subscription('contact.creation'),
    subscription('contact.propertyChange', { propertyName: 'jobtitle' }),
    subscription('contact.merge'),
    subscription('contact.deletion'),
    subscription('contact.privacyDeletion'),
  ];
  await listening(session, wanted, async (receiver) => {
    const { basicApi } = session.client.crm.contacts;
    const [ada, augusta, grace] = [
      await contact(session, 'ada'),
      await contact(session, 'augusta'),
      await contact(session, 'grace'),
    ];
    await basicApi.update(ada, { properties: { jobtitle: 'Countess', city: 'London' } });
    const merged = await basicApi.merge({ primaryObjectId: ada, objectIdToMerge: augusta });
    await basicApi.purge({ objectId: grace });
    await basicApi.archive(merged.id);
    const kinds = (all: Delivery[]) => events(all).map(({ subscriptionType }) => subscriptionType);
    const all = await receiver.until('every event', (deliveries) => {
      const told = kinds(deliveries);
      const count = (kind: string) => told.filter((each) => each === kind).length;
      const rest = ['contact.propertyChange', 'contact.merge', 'contact.privacyDeletion'];
      return count('contact.creation') >= 3 && rest.every((kind) => count(kind) >= 1) && count('contact.deletion') >= 2;
    });
    const find = (kind: string) => events(all).filter(({ subscriptionType }) => subscriptionType === kind);
    const change = find('contact.propertyChange').find(({ propertyValue }) => propertyValue === 'Countess');
    assert.equal(change?.propertyName, 'jobtitle');
    assert.equal(String(change?.objectId), ada);
    assert.ok(!find('contact.propertyChange').some(({ propertyName }) => propertyName === 'city'), 'only what was subscribed');
    const [merge] = find('contact.merge');
    assert.equal(String(merge?.primaryObjectId), ada);
    assert.deepEqual(merge?.mergedObjectIds?.map(String), [augusta]);
    assert.equal(String(find('contact.privacyDeletion')[0]?.objectId), grace);
    const deleted = find('contact.deletion').map(({ objectId }) => String(objectId));
    assert.ok(deleted.includes(grace), 'a privacy deletion is also a deletion');
    assert.ok(deleted.includes(merged.id));
  });
});

webhooks.addWith(['developer app', 'control'], 'what is refused is sent again, with a fresh signature and a higher attempt', async (session) => {
  await listening(session, [subscription('contact.creation')], async (receiver) => {
    receiver.answers.push(500);
    await contact(session, 'ada');
    const [first, second] = await receiver.until('the second attempt', (all) => all.length > 1);
    assert.equal(first?.events[0]?.attemptNumber, 0);
    assert.equal(second?.events[0]?.attemptNumber, 1);
    assert.equal(second?.events[0]?.eventId, first?.events[0]?.eventId);
    const at = (delivery?: Delivery) => Number(delivery?.headers['x-hubspot-request-timestamp']);
    assert.ok(at(second) >= at(first));
    const valid = session.sdk.Signature.isValid({
      clientSecret: session.developerApp.clientSecret,
      requestBody: second?.body ?? '',
      method: 'POST',
      url: receiver.url,
      timestamp: at(second),
      signature: String(second?.headers['x-hubspot-signature-v3']),
      signatureVersion: 'v3',
    });
    assert.equal(valid, true);
  });
});
