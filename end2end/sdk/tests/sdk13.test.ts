import { SDKS } from '../support/sdk';
import { suite } from './suite';

SDKS.filter(({ version }) => version === '13').forEach(suite);
