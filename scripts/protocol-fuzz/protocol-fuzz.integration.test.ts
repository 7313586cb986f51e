import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { round } from './testing/protocol-fuzz/round.arbitrary.ts';
import { runRound } from './testing/protocol-fuzz/run-round.ts';
import { startUseCases } from './testing/start-use-cases.ts';

const open = (fhirEndpoint: string) => startUseCases({ connection: { fhirEndpoint, auth: { method: 'none' } } });
// The same rounds each time, since a newly found fault must not fail an unrelated change. Long runs with other seeds look for new faults.
const { PROTOCOL_FUZZ_ROUNDS: rounds = '25', PROTOCOL_FUZZ_SEED: seed = '1' } = process.env;

test('loses nothing silently, sends a bounded number of requests and ends, whatever a server does', async () => {
  const property = fc.asyncProperty(round, async (made) => {
    expect(await runRound({ round: made, open })).toEqual([]);
  });
  await fc.assert(property, { numRuns: Number(rounds), seed: Number(seed) });
}, 3_600_000);
