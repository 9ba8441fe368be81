// Where sandbox, SDK and descriptions are known to disagree, each with the reason. What is not here fails the checks, and so does
// what is here and no longer happens.
import type { Deviation } from './descriptions';

export interface KnownDeviation {
  operation: RegExp;
  what: RegExp;
  /** Which answers, where not all of them. */
  when?: (body: unknown) => boolean;
  reason: string;
}

/** The answer about a token that is no good. */
function inactive(body: unknown): boolean {
  return JSON.stringify(body) === '{"active":false}';
}

export const KNOWN_DEVIATIONS: KnownDeviation[] = [
  {
    operation: /^POST \/visitor-identification\//,
    what: /^request: body must have required property 'hsCustomerAgentContext'$/,
    reason: 'Listed as required in v3 and 2026-03; HubSpot’s documentation leaves it out, and later versions do not know it.',
  },
  {
    operation: /^POST \/crm\/(v3\/objects|objects\/2026-03)\/[^/]+$/,
    what: /^request: body must have required property 'associations'$/,
    reason: 'The descriptions list nearly every field of a request as required; documented requests have no associations.',
  },
  {
    operation: /\/search$/,
    what: /^request: body must have required property 'after'$/,
    reason: 'As above: a first page has nothing to come after.',
  },
  {
    operation: /\/search$/,
    what: /^request: body\/sorts\[\] must be string$/,
    reason: 'Documented sorts are objects of propertyName and direction; the description has texts only.',
  },
  {
    operation: /\/contacts\/search$/,
    what: /^request: body\/filterGroups\[\]\/filters\[\]\/operator must be equal to one of the allowed values$/,
    reason: 'Sent on purpose: an operator that does not exist is refused.',
  },
  {
    operation: /^POST \/crm\/(v3\/objects|objects\/2026-03)\/contacts$/,
    what: /^request: body must be object$/,
    reason: 'Sent on purpose: what is no JSON is refused.',
  },
  {
    operation: /\/webhooks\//,
    what: /^request: the query's hapikey is not described$/,
    reason: 'The developer account’s key is described as a security scheme, not as a parameter.',
  },
  {
    operation: /^(GET|POST|PATCH) \/crm\/(v3\/objects|objects\/2026-03)\//,
    what: /^answer: 20[017] body(\/results\[\])?\/properties\/\* must be string$/,
    reason: 'HubSpot answers null for a property that was asked for and is not set; the descriptions have no null.',
  },
  {
    operation: /./,
    what: /^answer: 4\d\d body has status, which is not described$/,
    reason: 'Recorded error bodies begin with "status": "error"; the described envelope leaves it out.',
  },
  {
    operation: /./,
    what: /^answer: 404 body must have required property 'category'$/,
    reason: 'Recorded answers for a record that is not there have no category.',
  },
  {
    operation: /^POST \/visitor-identification\//,
    what: /^answer: 403 body must have required property 'category'$/,
    reason: 'Of the refusal to an account below Professional only the status is known; the sandbox claims no category.',
  },
  {
    operation: /./,
    what: /^answer: 429 body must have required property 'category'$/,
    reason: 'Recorded 429s have an errorType in its place.',
  },
  {
    operation: /./,
    what: /^answer: 429 body has (errorType|policyName|groupName|requestId), which is not described$/,
    reason: 'Recorded 429s have them; HubSpot’s own SDK reads policyName to know how long to wait.',
  },
  {
    operation: /\/batch\//,
    what: /^answer: 207 body\/errors\[\] must have required property '(errors|links)'$/,
    reason: 'Recorded failures of a batch have status, category, message and context only.',
  },
  {
    operation: /^(GET|POST) \/oauth\/authorize|^(GET|POST|DELETE) \/oauth\/v1\//,
    what: /^no description has this call$/,
    reason: 'A page for people, and the old OAuth calls that the SDK still makes: HubSpot no longer describes them.',
  },
  {
    operation: /^((GET|POST) \/crm\/v3\/associations\/|(GET|PUT|DELETE) \/crm\/v3\/objects\/[^/]+\/[^/]+\/associations\/)/,
    what: /^no description has this call$/,
    reason: 'v3’s calls for associations, most of which the SDK still makes; the folder describes v4’s.',
  },
  {
    operation: /^GET \/crm\/(v4\/associations|associations\/2026-03)\/[^/]+\/[^/]+\/labels$/,
    what: /^no description has this call$/,
    reason: 'The SDK has this call, from a description of association schemas that the folder does not have.',
  },
  {
    operation: /^POST \/crm\/(v3\/objects|objects\/2026-03)\/(companies|deals)\/merge$/,
    what: /^no description has this call$/,
    reason: 'The SDK has these calls, too; the folder describes the merging of contacts and of tickets only.',
  },
  {
    operation: /^DELETE \/appinstalls\/(v3|2026-03)\/external-install$/,
    what: /^no description has this call$/,
    reason: 'HubSpot’s guide has this call; the folder has no description of it.',
  },
  {
    operation: /^POST \/oauth\/v2\/private-apps\/get\/access-token-info$/,
    what: /^no description has this call$/,
    reason: 'HubSpot’s guide to private apps has this call; the folder has no description of it.',
  },
  {
    operation: /^(GET \/crm\/objects|POST \/crm\/associations)\/2026-03\//,
    what: /^no description has this call$/,
    reason: 'HubSpot’s guide to associations has these calls; the folder’s descriptions of 2026-03 have those of single pairs only.',
  },
  {
    operation: /^(GET \/crm\/v4\/objects|POST \/crm\/v4\/associations)\//,
    what: /^answer: 200 body\/results\[\](\/to\[\])?\/associationTypes\[\]\/label must be string$/,
    reason: 'HubSpot’s guide shows null for a type without a label; the descriptions have no null.',
  },
  {
    operation: /^POST \/crm\/(v3\/properties|properties\/2026-03)\/[^/]+\/batch\/read$/,
    what: /^request: body must have required property 'dataSensitivity'$/,
    reason: 'Listed as required; documented requests leave it out.',
  },
  {
    operation: /^POST \/oauth\/(v3|2026-03)\/token$/,
    what: /^answer: 400 body (must have required property 'category'|has (error|error_description), which is not described)$/,
    reason: 'OAuth’s refusals are those of RFC 6749 with HubSpot’s older fields, as its guide shows them.',
  },
  {
    operation: /^POST \/oauth\/(v3|2026-03)\/token\/introspect$/,
    what: /^answer: 200 body must /,
    when: inactive,
    reason: 'The descriptions have answers for good tokens only; RFC 7662 says this of others.',
  },
  {
    operation: /^POST \/oauth\/(v3|2026-03)\/token\/revoke$/,
    what: /^answer: the status 200 is not described$/,
    reason: 'No success is described at all; RFC 7009 says 200.',
  },
];

/** The known deviation that this is. */
export function known(deviation: Deviation): KnownDeviation | undefined {
  return KNOWN_DEVIATIONS.find(
    ({ operation, what, when }) =>
      operation.test(deviation.operation) && what.test(deviation.what) && (when?.(deviation.body) ?? true),
  );
}
