import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

test.each([
  { code: 'found.find({}).toArray()', isRefused: true },
  { code: 'found.find({}, { limit: 5 }).sort({}).toArray()', isRefused: true },
  { code: 'found.find({}, { projection: { resource: 1 } }).toArray()', isRefused: true },
  { code: 'found.find({}, { projection }).toArray()', isRefused: true },
  { code: 'cursor.toArray()', isRefused: true },
  { code: 'Array.fromAsync(found.find({}))', isRefused: true },
  { code: 'found.find({}, { projection: { resourceId: 1 } }).limit(5).toArray()', isRefused: false },
])('the check of stored resources refuses a list of whole resources: $code', ({ code, isRefused }) => {
  const root = mkdtempSync(join(tmpdir(), 'bulkhead-check-'));
  try {
    const folder = join(root, 'packages/records/src/resources/read');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'planted.ts'), `export const planted = () => ${code};\n`);
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'stored-resources.mjs'), root]);
    expect(status).toBe(isRefused ? 1 : 0);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
