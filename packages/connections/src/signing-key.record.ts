import { assertionAlgorithms } from '@bulkhead/providers';
import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

/** A key that signs client assertions, without its private half. */
export const signingKeySchema = z.strictObject({
  kid: z.string(),
  alg: z.enum(assertionAlgorithms),
  publicJwk: z.record(z.string(), z.unknown()),
  createdAt: z.date(),
  /** When an operator confirmed that every server has the key. */
  activatedAt: z.date().exactOptional(),
  /** Since then the key no longer signs. */
  retiredAt: z.date().exactOptional(),
});
export type SigningKeyRecord = Immutable<z.output<typeof signingKeySchema>>;
