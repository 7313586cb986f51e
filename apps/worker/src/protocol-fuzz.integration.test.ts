import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { round } from './testing/protocol-fuzz/round.arbitrary.ts';
import { runRound } from './testing/protocol-fuzz/run-round.ts';
import { startUseCases } from './testing/start-use-cases.ts';

const open = (fhirEndpoint: string) => startUseCases({ connection: { fhirEndpoint, auth: { method: 'none' } } });
// A failure prints its seed and the smallest round; these repeat it, or run longer.
const { PROTOCOL_FUZZ_ROUNDS: rounds = '25', PROTOCOL_FUZZ_SEED: seed } = process.env;

test('loses nothing silently, sends a bounded number of requests and ends, whatever a server does', async () => {
  const property = fc.asyncProperty(round, async (made) => {
    expect(await runRound({ round: made, open })).toEqual([]);
  });
  await fc.assert(property, { numRuns: Number(rounds), ...(seed === undefined ? {} : { seed: Number(seed) }) });
}, 3_600_000);
