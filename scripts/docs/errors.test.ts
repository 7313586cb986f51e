import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readTables, renderErrors } from './render-errors.ts';

const tables = await readTables();

test('docs/errors.md is up to date (`pnpm docs:errors` writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  expect(renderErrors(page, tables)).toBe(page);
});

test('a code has the same HTTP status in the table of each feature', () => {
  const byCode = Map.groupBy(tables.errors, ([code]) => code);
  const differing = [...byCode].filter(([, entries]) => new Set(entries.map(([, { status }]) => status)).size > 1);
  expect(differing.map(([code]) => code)).toEqual([]);
});
