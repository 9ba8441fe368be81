// The checks agree with the SDK's own types: what they pass is what HubSpot says may be passed.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('the checks agree with the types of HubSpot’s SDK', async () => {
  const compiler = require.resolve('typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '--noEmit'], { cwd: path.resolve(__dirname, '..') });
});
