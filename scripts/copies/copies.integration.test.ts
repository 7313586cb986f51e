import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { whyNoPostgresql } from './postgresql.ts';
import { runCopies } from './run-copies.ts';

const missing = whyNoPostgresql();
const tool = missing === undefined ? {} : { missing };

/** `pnpm copies` runs more rounds. */
describeWith({ title: 'a copy in PostgreSQL, and one by exports', tool }, () => {
  test('equals the store after kills of the copier, the API, the workers, Redis and both databases, erasures and changes all the time', async () => {
    for await (const { kills, erased, exports, versions, compared, differences } of runCopies({ rounds: 1, seed: 1 })) {
      expect(differences).toEqual([]);
      // Otherwise nothing was tested.
      expect([kills, erased, exports, versions, compared].every((count) => count > 0)).toBe(true);
    }
  }, 240_000);
});
