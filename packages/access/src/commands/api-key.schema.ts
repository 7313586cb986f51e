import { z } from 'zod';
import { type ApiKeyRole, apiKeyRoles } from '../api-key.repository.ts';

const dayMs = 24 * 60 * 60_000;
/** An operator's key opens every connection, so one that is forgotten somewhere must not work for ever. */
const operatorKeyDays = { default: 90, max: 365 };

/** What a new key is to be; unknown fields are refused, so that a misspelt `connectionIds` is no key for everything. */
export const apiKeyBodySchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    role: z.enum(apiKeyRoles, `must be one of: ${apiKeyRoles.join(', ')}`),
    /** Left out: every connection, also of later on. */
    connectionIds: z
      .array(z.string().min(1).max(100))
      .min(1, 'names no connection: leave it out for all of them')
      .max(1000)
      .transform((ids) => [...new Set(ids)])
      .optional(),
    /** Left out: a client's key does not expire, an operator's expires after 90 days. */
    expiresAt: z.iso.datetime({ offset: true, error: 'must be an instant with a time zone' }).optional(),
    expiresInDays: z.number().int().min(1).max(3650).optional().meta({
      description: "Left out: an operator's key expires after 90 days, a client's never. An operator's: at most 365.",
    }),
    /** Left out: the deployment's API_REQUESTS_PER_MINUTE. */
    requestsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  })
  .superRefine(({ role, connectionIds, expiresAt, expiresInDays }, { addIssue }) => {
    if (role === 'operator' && connectionIds) {
      const message = "is for client keys: an operator's key is for all connections";
      addIssue({ code: 'custom', path: ['connectionIds'], message });
    }
    if (expiresAt !== undefined && expiresInDays !== undefined) {
      addIssue({ code: 'custom', path: ['expiresInDays'], message: 'says the same as expiresAt: give one of them' });
    }
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
      addIssue({ code: 'custom', path: ['expiresAt'], message: 'lies in the past' });
    }
    const expiry = toExpiry({ role, expiresAt, expiresInDays });
    if (role === 'operator' && expiry && expiry.getTime() > Date.now() + operatorKeyDays.max * dayMs) {
      const path = [expiresAt === undefined ? 'expiresInDays' : 'expiresAt'];
      const message = `must be at most ${operatorKeyDays.max} days ahead for an operator's key`;
      addIssue({ code: 'custom', path, message });
    }
  })
  .transform(({ expiresAt, expiresInDays, ...body }) => ({
    ...body,
    expiresAt: toExpiry({ role: body.role, expiresAt, expiresInDays }),
  }));
export type ApiKeyBody = z.output<typeof apiKeyBodySchema>;

function toExpiry(body: {
  readonly role: ApiKeyRole;
  readonly expiresAt: string | undefined;
  readonly expiresInDays: number | undefined;
}): Date | undefined {
  const { role, expiresAt, expiresInDays = role === 'operator' ? operatorKeyDays.default : undefined } = body;
  if (expiresAt !== undefined) return new Date(expiresAt);
  return expiresInDays === undefined ? undefined : new Date(Date.now() + expiresInDays * dayMs);
}
