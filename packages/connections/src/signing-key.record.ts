import { assertionAlgorithms } from '@bulkhead/providers';
import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

/** A key that signs client assertions, without its private half. */
export const signingKeySchema = z.strictObject({
  kid: z.string(),
  alg: z.enum(assertionAlgorithms),
  publicJwk: z.record(z.string(), z.unknown()),
  createdAt: z.date(),
  /** An operator has said that every server has it by now. */
  activatedAt: z.date().exactOptional(),
  /** It does not sign any more. */
  retiredAt: z.date().exactOptional(),
});
export type SigningKeyRecord = Immutable<z.output<typeof signingKeySchema>>;
