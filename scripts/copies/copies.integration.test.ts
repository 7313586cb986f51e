import { afterEach, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { whyNoPostgresql } from './postgresql.ts';
import { type CopyRound, runCopies } from './run-copies.ts';

const missing = whyNoPostgresql();
const tool = missing === undefined ? {} : { missing };

/** A round that jest's limit cuts must have ended before the next file of this process starts. */
const ended = new AbortController();
let running: Promise<unknown> | undefined;
afterEach(async () => {
  ended.abort();
  await running?.catch(() => undefined);
});

async function runOne(signal: AbortSignal): Promise<CopyRound> {
  for await (const round of runCopies({ rounds: 1, seed: 1, signal })) return round;
  throw new Error('there was no round');
}

/** `pnpm copies` runs more rounds. */
describeWith({ title: 'a copy in PostgreSQL, and one by exports', tool }, () => {
  test('equals the store after kills of the copier, the API, the workers, Redis and both databases, erasures and changes all the time', async () => {
    const round = runOne(ended.signal);
    running = round;
    const { kills, erased, exports, versions, compared, differences } = await round;
    expect(differences).toEqual([]);
    // Otherwise nothing was tested.
    expect([kills, erased, exports, versions, compared].every((count) => count > 0)).toBe(true);
  }, 240_000);

  test('ends with its signal, and so do the copier, the kills and the changes', async () => {
    await expect(runOne(AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
