// HubSpot's SDK in the two versions that are in use. Their methods are the same; so one set of types serves for both.
import { Client as Client13, Signature as Signature13 } from 'hubspot-13';
import { Client, Signature } from 'hubspot-14';

export type { Client } from 'hubspot-14';
export type ClientOptions = ConstructorParameters<typeof Client>[0];

export interface Sdk {
  version: '13' | '14';
  create(options: ClientOptions): Client;
  Signature: typeof Signature;
}

export const SDKS: Sdk[] = [
  { version: '13', create: (options) => eager(new Client13(options) as unknown as Client), Signature: Signature13 },
  { version: '14', create: (options) => eager(new Client(options)), Signature },
];

/** The SDK gives an area its retries when it is first used, and takes those of the client made last: so all of them at once. */
function eager(client: Client): Client {
  const { crm, oauth, webhooks, conversations } = client;
  void [crm.contacts, crm.companies, crm.deals, crm.tickets, crm.objects.notes, crm.objects.communications, crm.properties];
  void [crm.associations.v4.schema, crm.associations.schema];
  void [oauth, webhooks, conversations.visitorIdentification];
  return client;
}
