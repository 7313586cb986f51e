import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runJson } from '../run-json.fixture.ts';
import type { FleetResult } from './run-fleet.ts';

/** A look at a page reads what it shows, at most 3 kB of each of its 100 rows. */
const maxBytes = 300_000;
/** They read each schedule. */
const readsAll = ['plan', 'sweep'];
/** A job that recurs may fall into the time. */
const moreOfRedis = 5;

type Result = FleetResult & { readonly growing: readonly string[] };

test('looks and what the clock does cost no more commands with 200 connections than with one, and those that are behind are shown', async () => {
  const { code, result } = await runJson(join(import.meta.dirname, 'main.ts'), ['--connections', 200, '--exports', 3]);
  const { looks, behind, growing, idleRedis, lostRedis } = result as Result;
  expect({ code, behind, growing }).toEqual({ code: 0, behind: 2, growing: [] });
  expect(idleRedis.fleet).toBeLessThanOrEqual(idleRedis.one + moreOfRedis);
  expect(lostRedis).toEqual({ one: 1, fleet: 1 });
  const large = looks.filter(({ name, fleet }) => !readsAll.includes(name) && fleet.bytes > maxBytes);
  expect(large.map(({ name, fleet }) => `${name}: ${fleet.bytes}`)).toEqual([]);
}, 300_000);
