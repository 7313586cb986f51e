import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runJson } from '../run-json.fixture.ts';
import type { FleetResult } from './run-fleet.ts';

/** A look at a page reads what it shows, at most 3 kB of each of its 100 rows. */
const maxBytes = 300_000;

test('a look costs no more commands with 200 connections than with one, and those that are behind are shown', async () => {
  const { code, result } = await runJson(join(import.meta.dirname, 'main.ts'), ['--connections', 200, '--exports', 3]);
  const { looks, behind, growing } = result as FleetResult & { readonly growing: readonly string[] };
  expect({ code, behind, growing }).toEqual({ code: 0, behind: 2, growing: [] });
  const large = looks.filter(({ name, fleet }) => name !== 'plan' && fleet.bytes > maxBytes);
  expect(large.map(({ name, fleet }) => `${name}: ${fleet.bytes}`)).toEqual([]);
}, 300_000);
