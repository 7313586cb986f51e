import { hashOf, invalidRequest, present } from '@bulkhead/base';
import { systemScopeFault } from '@bulkhead/fhir';
import { assertionType, OAuthError, readableScopes, refused, verifyAssertion } from '@bulkhead/fhir/bulk-server';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { importJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { AccessStore } from '../access.feature.ts';
import { type BackendClient, backendClientSchema, jwksSchema } from '../backend-client/backend-client.record.ts';
import { ClientKeys, type ReadJson } from '../backend-client/client-keys.ts';
import { checkSecret, hasSecret, readClientSecret } from '../backend-client/client-secret.ts';
import { type ClientGrant, tokenSeconds } from '../backend-client/client-token.repository.ts';
import { limitScopes } from '../backend-client/limit-scopes.ts';
import { accessError } from '../errors.ts';
import type { Principal } from '../person/person.record.ts';
import { connectionIdFaults, connectionIdsSchema } from './connection-ids.ts';

/** Clients ask for the full five minutes, and a clock that is a second ahead must not end every log-in. */
const clockToleranceSeconds = 60;

/** The fields of a request to the token endpoint. */
export type TokenForm = Readonly<Record<string, string | undefined>>;

interface TokenRequest {
  readonly form: TokenForm;
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** The URL of the token endpoint. */
  readonly audience: string;
}

/** Registers the programs that read by SMART Backend Services, and gives them tokens (SMART App Launch 2.2, "Backend Services"). */
export class BackendClientService {
  readonly #options;
  readonly #keys;

  constructor(options: {
    readonly store: Pick<AccessStore, 'backendClients' | 'clientTokens'>;
    readonly connectionExists: (id: string) => Promise<boolean>;
    /** Reads the keys of a client. */
    readonly readJson: ReadJson;
    /** Why keys cannot be read from a URL. */
    readonly urlFault: (url: string) => string | undefined;
  }) {
    this.#options = options;
    this.#keys = new ClientKeys(options.readJson);
  }

  /** @throws AppError `invalid-request` */
  async create(body: z.output<typeof backendClientBodySchema>): Promise<BackendClient> {
    const faults = await connectionIdFaults(body.connectionIds, this.#options.connectionExists);
    for (const [index, key] of (body.jwks?.keys ?? []).entries()) {
      const message = await keyFault(key);
      if (message !== undefined) faults.push({ path: `jwks.keys.${index}`, message });
    }
    const urlFault = body.jwksUrl === undefined ? undefined : this.#options.urlFault(body.jwksUrl);
    if (urlFault !== undefined)
      faults.push({
        path: 'jwksUrl',
        message: `must be a public https URL, because no other one is read: ${urlFault}`,
      });
    if (faults.length > 0) throw invalidRequest(faults);
    return this.#options.store.backendClients.create({ ...body, now: new Date() });
  }

  list(): Promise<BackendClient[]> {
    return this.#options.store.backendClients.list();
  }

  /** @throws AppError `unknown-client` */
  async get(id: string): Promise<BackendClient> {
    const client = await this.#options.store.backendClients.find(id);
    if (!client) throw accessError('unknown-client');
    return client;
  }

  /** Its tokens stop working at once. A revoked client stays in the list. @throws AppError `unknown-client` */
  async revoke(id: string): Promise<{ readonly client: BackendClient; readonly isChanged: boolean }> {
    const client = await this.get(id);
    if (client.revokedAt) return { client, isChanged: false };
    await this.#options.store.backendClients.revoke({ id, now: new Date() });
    return { client: await this.get(id), isChanged: true };
  }

  /** @returns the secret itself, which cannot be shown again. @throws AppError `unknown-client`, `too-many-client-secrets` */
  async createSecret(id: string) {
    const client = await this.get(id);
    if (client.revokedAt) throw accessError('unknown-client');
    const created = await this.#options.store.backendClients.addSecret({ clientId: id, now: new Date() });
    if (!created) throw accessError('too-many-client-secrets');
    return created;
  }

  /** It stops working at once. @throws AppError `unknown-client`, `unknown-client-secret` */
  async deleteSecret({ clientId, id }: { readonly clientId: string; readonly id: string }): Promise<BackendClient> {
    await this.get(clientId);
    if (!(await this.#options.store.backendClients.deleteSecret({ clientId, id })))
      throw accessError('unknown-client-secret');
    return this.get(clientId);
  }

  /**
   * Answers a request to the token endpoint.
   * @param options.admit called before a token is issued. Throws if the client has got too many
   * @returns the client, and the body of the response (RFC 6749, section 5.1)
   * @throws OAuthError
   */
  async grant(options: TokenRequest & { readonly admit: (client: Pick<BackendClient, 'id'>) => Promise<void> }) {
    const { form, admit } = options;
    const { grant_type: grantType, scope = '' } = form;
    if (grantType !== 'client_credentials')
      throw new OAuthError({ code: 'unsupported_grant_type', text: 'grant_type must be client_credentials.' });
    const now = new Date();
    const { client, secretHash } = await this.#authenticate(options, now);
    // RFC 6749, section 3.3, allows a default. SMART Backend Services requires a scope beside an assertion.
    const requested = secretHash !== undefined && !('scope' in form) ? client.scope : scope;
    const granted = limitScopes(readableScopes(requested), client.scope.split(' '));
    if (granted.length === 0)
      throw new OAuthError({
        code: 'invalid_scope',
        text: `${scope.trim() === '' ? 'The request has no scope.' : 'None of the requested scopes is granted.'} The client is registered for: ${client.scope}.`,
      });
    await admit(client);
    const grantedScope = granted.join(' ');
    const token = await this.#options.store.clientTokens.issue({
      clientId: client.id,
      scope: grantedScope,
      ...present({ secretHash }),
      now,
    });
    // A request does not wait for this write and does not fail with it.
    this.#options.store.backendClients.noteUse(client, now).catch(() => undefined);
    const issued = { access_token: token, token_type: 'bearer', expires_in: tokenSeconds, scope: grantedScope };
    return { client, issued };
  }

  /** By a signed assertion, or by a secret. @throws OAuthError */
  async #authenticate(
    request: TokenRequest,
    now: Date,
  ): Promise<{ readonly client: BackendClient; readonly secretHash?: string }> {
    const { form, audience } = request;
    const { client_assertion_type: type, client_assertion: assertion = '' } = form;
    const secret = readClientSecret(request);
    if (secret && assertion === '') {
      const client = checkSecret(await this.#options.store.backendClients.find(secret.clientId), secret);
      return { client, secretHash: hashOf(secret.secret) };
    }
    if (secret || type !== assertionType || assertion === '')
      throw new OAuthError({
        code: 'invalid_request',
        text: `Send either a client_assertion with the client_assertion_type ${assertionType}, or the client id and its secret.`,
      });
    const clientId = await verifyAssertion(assertion, {
      audience,
      nowMs: now.getTime(),
      toleranceSeconds: clockToleranceSeconds,
      findKey: (key) => this.#findKey(key),
      use: (assertionId) => this.#options.store.clientTokens.useAssertion(assertionId),
    });
    return { client: await this.get(clientId) };
  }

  async #findKey(options: { readonly clientId: string; readonly kid: string; readonly jku: string | undefined }) {
    const { clientId, kid, jku } = options;
    const client = await this.#options.store.backendClients.find(clientId);
    if (!client || client.revokedAt) throw refused('the client is not registered here');
    if (jku !== undefined && jku !== client.jwksUrl) throw refused('jku is not the registered URL of the keys');
    return this.#keys.find(client, kid);
  }

  /** @returns undefined if the token was never issued or has expired, or if its client was revoked or its secret deleted */
  async recognise(token: string) {
    const grant = await this.#options.store.clientTokens.find({ token, now: new Date() });
    const principal = grant && (await this.#principalOf(grant));
    if (!principal) return undefined;
    // Of what runs, not the end of the token counts: a file can take longer than five minutes.
    return { principal, isHeld: async () => (await this.#principalOf(grant)) !== undefined };
  }

  async #principalOf({ clientId, scope, secretHash }: ClientGrant): Promise<Principal | undefined> {
    const client = await this.#options.store.backendClients.find(clientId);
    if (!client || client.revokedAt || (secretHash !== undefined && !hasSecret(client, secretHash))) return undefined;
    const { id, name, connectionIds, createdAt } = client;
    const limits = connectionIds ? { connectionIds } : {};
    return { id, name, role: 'client', prefix: '', createdAt, ...limits, grantedScope: scope };
  }
}

/** What is wrong with a public key. @returns undefined if tokens can be signed with its private half */
async function keyFault(key: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  if ('d' in key || 'k' in key) return 'is a private or a secret key. Send only public keys, and replace this one';
  const alg = key.kty === 'RSA' ? 'RS384' : 'ES384';
  try {
    await importJWK(key as JWK, alg);
  } catch {
    return 'is not a public key for RS384 (RSA) or ES384 (EC with the curve P-384)';
  }
  if (key.kty === 'RSA' && Buffer.from(String(key.n), 'base64url').length < 256) return 'is shorter than 2048 bits';
  return key.kty === 'RSA' || key.crv === 'P-384' ? undefined : 'must have the curve P-384, for ES384';
}

/** The request to register a client. */
export const backendClientBodySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .describe('A name by which people recognise the client, 1 to 100 characters. The audit log shows it.'),
    scope: z
      .string()
      .trim()
      .min(1)
      .max(4000)
      .default('system/*.read')
      .describe(
        'What the client may read at most: SMART scopes of version 1 or 2, separated by spaces, such as `system/Patient.rs system/Observation.rs`. Default: `system/*.read`.',
      ),
    connectionIds: connectionIdsSchema.describe(
      'The only connections that the client may read. Default: all, including those that are created later.',
    ),
    jwks: jwksSchema.optional(),
    jwksUrl: z
      .url()
      .max(2000)
      .optional()
      .describe('Where the public keys of the client are. Give either this or `jwks`.'),
    usesSecret: z
      .boolean()
      .optional()
      .describe(
        'The client has no keys and can only send a secret, which is created afterwards. Keys are safer: a program that reads a secret on its way can use it.',
      ),
  })
  .superRefine(({ scope, jwks, jwksUrl, usesSecret }, { addIssue }) => {
    if ([jwks, jwksUrl, usesSecret || undefined].filter((one) => one !== undefined).length !== 1)
      addIssue({ code: 'custom', path: ['jwks'], message: ', jwksUrl or usesSecret is required: give one of them' });
    const fault = registeredFault(scope);
    if (fault !== undefined) addIssue({ code: 'custom', path: ['scope'], message: fault });
  })
  .transform(({ connectionIds, jwks, jwksUrl, usesSecret: _, ...body }) => ({
    ...body,
    ...(connectionIds ? { connectionIds } : {}),
    ...(jwks ? { jwks } : {}),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
  }));

function registeredFault(scope: string): string | undefined {
  const fault = systemScopeFault(scope);
  if (fault !== undefined) return fault;
  if (scope.includes('?')) return 'cannot have parameters (`?category=...`), which are not supported here';
  const others = scope.split(' ').filter((name) => readableScopes(name).join() !== name);
  return others.length > 0
    ? `must only allow to read, and ${others.join(' ')} allows more. Use .read or .rs`
    : undefined;
}

export const backendClientViewSchema = z
  .strictObject(
    viewShapeOf(backendClientSchema, [
      'id',
      'name',
      'scope',
      'connectionIds',
      'jwks',
      'jwksUrl',
      { secrets: ['id', 'createdAt'] },
      'createdAt',
      'revokedAt',
      'lastUsedAt',
    ]),
  )
  .meta({ id: 'BackendClient', description: 'A program that reads by SMART Backend Services.' });

export function toBackendClientView(client: BackendClient): View<typeof backendClientViewSchema> {
  return viewOf(backendClientViewSchema, client);
}
