import { assertionAlgorithms } from '@bulkhead/providers';
import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

/** A key that signs client assertions, without its private half. */
export const signingKeySchema = z.strictObject({
  kid: z.string().describe('The id of the key in the published key set.'),
  alg: z.enum(assertionAlgorithms).describe('The algorithm of the signatures.'),
  publicJwk: z.record(z.string(), z.unknown()),
  createdAt: z.date().describe('When the key was created or imported, and published.'),
  activatedAt: z
    .date()
    .exactOptional()
    .describe(
      'When an operator confirmed that every EHR has the key. Absent if no operator has confirmed it. Then the key signs after an hour.',
    ),
  retiredAt: z.date().exactOptional().describe('When the key stopped signing. Absent if it did not.'),
});
export type SigningKeyRecord = Immutable<z.output<typeof signingKeySchema>>;
