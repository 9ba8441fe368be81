import { SDKS } from '../support/sdk';
import { suite } from './suite';

SDKS.filter(({ version }) => version === '14').forEach(suite);
