import { assertionAlgorithms } from '@bulkhead/domain';
import { z } from 'zod';

/** A new pair of `alg`, or a key that is there already, as PEM or as a JWK. */
export const signingKeyBodySchema = z
  .strictObject({
    alg: z.enum(assertionAlgorithms).optional(),
    privateKey: z.union([z.string().min(1).max(20_000), z.record(z.string(), z.unknown())]).optional(),
  })
  .refine(({ alg, privateKey }) => (alg === undefined) !== (privateKey === undefined), {
    path: ['alg'],
    error: 'give either `alg` for a new key or `privateKey` for one of yours',
  });
export type SigningKeyBody = z.output<typeof signingKeyBodySchema>;
