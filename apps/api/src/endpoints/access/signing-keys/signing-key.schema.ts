import { assertionAlgorithms } from '@bulkhead/providers';
import { z } from 'zod';
import { instant } from '../../common.schema.ts';
import { at } from '../../example-values.ts';

export const signingKeySchema = z
  .strictObject({
    kid: z.string(),
    alg: z.enum(assertionAlgorithms),
    state: z.enum(['published', 'active', 'retired']),
    createdAt: instant,
    activatedAt: instant.optional(),
    retiredAt: instant.optional(),
  })
  .meta({ id: 'SigningKey', description: 'A key that signs client assertions; its private half is never shown.' });

export const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

export const signingKeyExample = { kid, alg: 'ES384', state: 'published', createdAt: at };
