import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { instrument } from './instrument.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bulkhead-instrument-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('the instrumentation mutates sources, except for sentences and log lines', async () => {
  const source = `
export function check(count: number): string {
  logger.info('checked', { count });
  if (count > 3) throw new Error('There are too many of them.');
  return 'few';
}`;
  await writeFile(join(root, 'check.ts'), source);
  const { mutants, sources } = await instrument(root, ['check.ts']);
  const changes = mutants.map(({ line, original, replacement }) => `${line}: ${original} -> ${replacement}`);
  expect(changes).toEqual(
    expect.arrayContaining(['4: count > 3 -> count >= 3', '4: count > 3 -> true', `5: 'few' -> ""`]),
  );
  expect(mutants.filter(({ line }) => line === 3)).toEqual([]);
  expect(mutants.filter(({ original }) => original.startsWith("'There"))).toEqual([]);
  expect(sources[`${root}/check.ts`]).toContain('count >= 3');
});
