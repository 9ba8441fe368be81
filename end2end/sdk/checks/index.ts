// All checks, in the order in which they run.
import type { Check } from '../support/check';
import { account } from './account';
import { associations } from './associations';
import { batches } from './batches';
import { contacts } from './contacts';
import { faults } from './faults';
import { limits } from './limits';
import { oauth } from './oauth';
import { properties } from './properties';
import { records } from './records';
import { removal } from './removal';
import { search } from './search';
import { visitors } from './visitors';
import { webhooks } from './webhooks';

const areas = [contacts, batches, search, records, removal, associations, properties, visitors, account, oauth, webhooks, limits, faults];

export const everyCheck: Check[] = areas.flatMap((area) => area.all);
