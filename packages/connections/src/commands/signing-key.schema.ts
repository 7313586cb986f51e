import { assertionAlgorithms } from '@bulkhead/providers';
import { z } from 'zod';
import { kidSchema, privateKeySchema } from './connection.schema.ts';

/** A new pair of `alg`, or a key that is there already, as PEM or as a JWK. */
export const signingKeyBodySchema = z
  .strictObject({
    alg: z.enum(assertionAlgorithms).optional(),
    privateKey: privateKeySchema.optional(),
    kid: kidSchema.optional(),
  })
  .refine(({ alg, privateKey }) => (alg === undefined) !== (privateKey === undefined), {
    path: ['alg'],
    error: 'give either `alg` for a new key or `privateKey` for one of yours',
  })
  .refine(({ kid, privateKey }) => kid === undefined || privateKey !== undefined, {
    path: ['kid'],
    error: 'a new key has its thumbprint for a name',
  });
export type SigningKeyBody = z.output<typeof signingKeyBodySchema>;
