import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { instrument } from './instrument.ts';

test('the instrumentation mutates sources, except for sentences and log lines', async () => {
  const source = `
export function check(count: number): string {
  logger.info('checked', { count });
  if (count > 3) throw new Error('There are too many of them.');
  return 'few';
}`;
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-instrument-'));
  await writeFile(join(folder.path, 'check.ts'), source);
  const { mutants, sources } = await instrument(folder.path, ['check.ts']);
  const changes = mutants.map(({ line, original, replacement }) => `${line}: ${original} -> ${replacement}`);
  expect(changes).toEqual(
    expect.arrayContaining(['4: count > 3 -> count >= 3', '4: count > 3 -> true', `5: 'few' -> ""`]),
  );
  expect(mutants.filter(({ line }) => line === 3)).toEqual([]);
  expect(mutants.filter(({ original }) => original.startsWith("'There"))).toEqual([]);
  expect(sources[`${folder.path}/check.ts`]).toContain('count >= 3');
});
