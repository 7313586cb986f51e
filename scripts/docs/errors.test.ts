import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readTables, renderErrors, renderTexts } from './render-errors.ts';

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

test('packages/client/src/code-texts.json is up to date (`pnpm docs:errors` writes it)', () => {
  const texts = readFileSync(join(import.meta.dirname, '../../packages/client/src/code-texts.json'), 'utf8');
  expect(renderTexts(tables)).toBe(texts);
});

test('a code has the same texts for people in the table of each feature', () => {
  const byCode = Map.groupBy(tables.errors, ([code]) => code);
  const textsOf = (entries: typeof tables.errors) => entries.map(([, { title, advice }]) => `${title}: ${advice}`);
  const differing = [...byCode].filter(([, entries]) => new Set(textsOf(entries)).size > 1);
  expect(differing.map(([code]) => code)).toEqual([]);
});
