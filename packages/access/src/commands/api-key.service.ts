import { invalidRequest } from '@bulkhead/base';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import type { AccessStore } from '../access.feature.ts';
import { type ApiKey, type ApiKeyRole, apiKeyRoles, apiKeySchema } from '../api-key.record.ts';
import { accessError } from '../errors.ts';
import { connectionIdFaults, connectionIdsSchema } from './connection-ids.ts';

/** Creates, recognises and revokes API keys. */
export class ApiKeyService {
  readonly #apiKeys;
  readonly #connectionExists;

  constructor(options: {
    readonly store: Pick<AccessStore, 'apiKeys'>;
    readonly connectionExists: (id: string) => Promise<boolean>;
  }) {
    this.#apiKeys = options.store.apiKeys;
    this.#connectionExists = options.connectionExists;
  }

  /**
   * @returns undefined if no such key was ever created
   * @throws AppError `api-key-expired`, `api-key-revoked`
   */
  async recognise(key: string): Promise<ApiKey | undefined> {
    const apiKey = await this.#apiKeys.findByKey(key);
    return apiKey && this.#use(apiKey);
  }

  /** The same, for the key of an existing session. */
  async recogniseById(id: string): Promise<ApiKey | undefined> {
    const apiKey = await this.#apiKeys.find(id);
    return apiKey && this.#use(apiKey);
  }

  /** @returns the record, and the key itself, which cannot be shown again. @throws AppError `invalid-request` */
  async create(body: z.output<typeof apiKeyBodySchema>): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
    const faults = await connectionIdFaults(body.connectionIds, this.#connectionExists);
    if (faults.length > 0) throw invalidRequest(faults);
    return this.#apiKeys.issue({ ...body, now: new Date() });
  }

  list(): Promise<ApiKey[]> {
    return this.#apiKeys.list();
  }

  /** @throws AppError `unknown-api-key` */
  async get(id: string): Promise<ApiKey> {
    const apiKey = await this.#apiKeys.find(id);
    if (!apiKey) throw accessError('unknown-api-key');
    return apiKey;
  }

  /** A revoked key stays in the list. @throws AppError `unknown-api-key`, `last-operator-key` */
  async revoke(id: string): Promise<{ readonly apiKey: ApiKey; readonly isChanged: boolean }> {
    const apiKey = await this.get(id);
    if (apiKey.revokedAt) return { apiKey, isChanged: false };
    const isOperators = isActiveOperator(apiKey);
    if (isOperators && (await this.#countActiveOperators()) === 1) throw accessError('last-operator-key');
    await this.#apiKeys.revoke({ id, now: new Date() });
    // Two operators may have revoked each other's key at the same moment.
    if (isOperators && (await this.#countActiveOperators()) === 0) {
      await this.#apiKeys.undoRevocation(id);
      throw accessError('last-operator-key');
    }
    return { apiKey: (await this.#apiKeys.find(id)) ?? apiKey, isChanged: true };
  }

  #use(apiKey: ApiKey): ApiKey {
    const now = new Date();
    const refusal = refusalOf(apiKey, now);
    if (refusal) throw accessError(refusal, { context: { keyId: apiKey.id } });
    // A request does not wait for this write and does not fail with it.
    this.#apiKeys.noteUse(apiKey, now).catch(() => undefined);
    return apiKey;
  }

  async #countActiveOperators(): Promise<number> {
    return (await this.#apiKeys.list()).filter(isActiveOperator).length;
  }
}

function isActiveOperator(apiKey: ApiKey): boolean {
  return apiKey.role === 'operator' && !refusalOf(apiKey, new Date());
}

/** Why an existing key is refused at this time. */
function refusalOf({ revokedAt, expiresAt }: ApiKey, now: Date): 'api-key-expired' | 'api-key-revoked' | undefined {
  if (revokedAt) return 'api-key-revoked';
  return expiresAt && expiresAt <= now ? 'api-key-expired' : undefined;
}

const dayMs = 24 * 60 * 60_000;
/** An operator's key opens every connection, so a forgotten key must stop working some day. */
const operatorKeyDays = { default: 90, max: 365 };

/** The request for a new key. Unknown fields are refused, so that a misspelt `connectionIds` does not create a key for all connections. */
export const apiKeyBodySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .describe(
        'A name by which people recognise the key, 1 to 100 characters. The audit log shows it, and so do the logs of exports and syncs that it starts, cancels or retries, to every key that may read them.',
      ),
    role: z
      .enum(apiKeyRoles, `must be one of: ${apiKeyRoles.join(', ')}`)
      .describe(
        '`client` (exports, syncs and reads) or `operator` (also connections, keys, quarantined lines, erasures and the audit log).',
      ),
    connectionIds: connectionIdsSchema.describe(
      'The only connections that a client key may use. Default: all, including those that are created later.',
    ),
    expiresAt: z.iso
      .datetime({ offset: true, error: 'must be a timestamp with a time zone' })
      .optional()
      .describe('When the key expires, as a timestamp with a time zone. Give either this or `expiresInDays`.'),
    expiresInDays: z.number().int().min(1).max(3650).optional().meta({
      description:
        "Default: 90 days for an operator's key, and no expiry for a client's key. An operator's key expires after at most 365 days.",
    }),
    requestsPerMinute: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'How many requests the key may send in a minute. Default: the limit of the deployment (`API_REQUESTS_PER_MINUTE`).',
      ),
  })
  .superRefine(({ role, connectionIds, expiresAt, expiresInDays }, { addIssue }) => {
    if (role === 'operator' && connectionIds) {
      const message = "is only for client keys: an operator's key is for all connections";
      addIssue({ code: 'custom', path: ['connectionIds'], message });
    }
    if (expiresAt !== undefined && expiresInDays !== undefined) {
      addIssue({
        code: 'custom',
        path: ['expiresInDays'],
        message: 'cannot be combined with expiresAt: give only one of them',
      });
    }
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
      addIssue({ code: 'custom', path: ['expiresAt'], message: 'must not be in the past' });
    }
    const expiry = toExpiry({ role, expiresAt, expiresInDays });
    if (role === 'operator' && expiry && expiry.getTime() > Date.now() + operatorKeyDays.max * dayMs) {
      const path = [expiresAt === undefined ? 'expiresInDays' : 'expiresAt'];
      const message = `must be at most ${operatorKeyDays.max} days in the future for an operator's key`;
      addIssue({ code: 'custom', path, message });
    }
  })
  .transform(({ expiresAt, expiresInDays, ...body }) => ({
    ...body,
    expiresAt: toExpiry({ role: body.role, expiresAt, expiresInDays }),
  }));

function toExpiry(body: {
  readonly role: ApiKeyRole;
  readonly expiresAt: string | undefined;
  readonly expiresInDays: number | undefined;
}): Date | undefined {
  const { role, expiresAt, expiresInDays = role === 'operator' ? operatorKeyDays.default : undefined } = body;
  if (expiresAt !== undefined) return new Date(expiresAt);
  return expiresInDays === undefined ? undefined : new Date(Date.now() + expiresInDays * dayMs);
}

export const apiKeyViewSchema = z
  .strictObject(
    viewShapeOf(apiKeySchema, [
      'id',
      'name',
      'role',
      'prefix',
      'connectionIds',
      'requestsPerMinute',
      'createdAt',
      'expiresAt',
      'revokedAt',
      'lastUsedAt',
    ]),
  )
  .meta({ id: 'ApiKey', description: 'An API key: who may call the API. The key itself is shown once.' });

/** A key as the API shows it, without the key itself and its hash. */
export function toApiKeyView(apiKey: ApiKey): View<typeof apiKeyViewSchema> {
  return viewOf(apiKeyViewSchema, apiKey);
}
