import { isDeepStrictEqual } from 'node:util';
import { AppError, invalidRequest } from '@bulkhead/base';
import { assertionAlgorithms, generateSigningKey, importSigningKey, publicJwkOf } from '@bulkhead/ehr/providers';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import type { ConnectionStore } from '../connection.feature.ts';
import { connectionError } from '../errors.ts';
import { type SigningKeyRecord, signingKeySchema } from '../signing-key.repository.ts';
import { kidSchema, privateKeySchema } from './connection.schema.ts';

const { kid, alg, ...dates } = viewShapeOf(signingKeySchema, ['kid', 'alg', 'createdAt', 'activatedAt', 'retiredAt']);

export const signingKeyViewSchema = z
  .strictObject({
    kid,
    alg,
    state: z
      .enum(['published', 'active', 'retired'])
      .describe(
        '`published`: EHRs can read it, and it does not sign yet. `active`: it signs. `retired`: it no longer signs, and stays published for ten minutes.',
      ),
    ...dates,
  })
  .meta({ id: 'SigningKey', description: 'A key that signs client assertions. Its private half is never shown.' });

type SigningKeyView = View<typeof signingKeyViewSchema>;

/**
 * An assertion lives four minutes, and a request that carries it takes less than one. An assertion that was signed just before its
 * key was retired can be verified for twice that time.
 */
const keptAfterRetirementMs = 10 * 60_000;

/**
 * The deployment's own keys for `private_key_jwt`. Their public halves are published at `/.well-known/jwks.json`.
 *
 *     published --(activate, or one hour)--> active --(retire)--> retired --(10 minutes)--> may be deleted
 *
 * A new key is published first, so that servers have read it before it signs. The newest key that is known to them signs, or an
 * earlier one that was activated since. A retired key stays published for ten minutes, because servers may still verify what it
 * signed.
 */
export class SigningKeyService {
  readonly #signingKeys;

  constructor({ store }: { readonly store: Pick<ConnectionStore, 'signingKeys'> }) {
    this.#signingKeys = store.signingKeys;
  }

  async create({ alg, privateKey, kid }: z.output<typeof signingKeyBodySchema>) {
    const text = typeof privateKey === 'object' ? JSON.stringify(privateKey) : privateKey;
    const key = text === undefined ? await generateSigningKey(alg ?? 'RS384') : await importGiven({ text, kid });
    const publicJwk = publicJwkOf(key);
    const isNew = await this.#signingKeys.insert({ key, publicJwk, now: new Date() });
    const record = await this.#find(key.kid);
    if (!isNew && !isDeepStrictEqual(record.publicJwk, publicJwk)) throw kidTaken();
    return this.#toView(record);
  }

  async list() {
    return Promise.all((await this.#signingKeys.list()).map((record) => this.#toView(record)));
  }

  /** @throws AppError `unknown-signing-key` */
  async get(kid: string): Promise<SigningKeyView> {
    return this.#toView(await this.#find(kid));
  }

  /** The public keys that servers verify our assertions with (RFC 7517). It includes retired keys whose assertions may still live. */
  async jwks() {
    const now = Date.now();
    const keys = (await this.#signingKeys.list()).filter(({ retiredAt }) => isStillNeeded(retiredAt, now));
    return { keys: keys.map(({ publicJwk }) => publicJwk) };
  }

  /** Lets the key sign from now on. An operator calls this if all servers are known to have the key. @throws AppError `signing-key-retired` */
  async activate(kid: string) {
    await this.#find(kid);
    if (!(await this.#signingKeys.activate({ kid, now: new Date() }))) throw connectionError('signing-key-retired');
    return this.#toView(await this.#find(kid));
  }

  /** @throws AppError `signing-key-in-use` for the key that signs, because another key must be active first; `signing-key-retired` */
  async retire(kid: string) {
    const { alg } = await this.#find(kid);
    if ((await this.#signingKeys.findForSigning(alg))?.kid === kid) throw connectionError('signing-key-in-use');
    if (!(await this.#signingKeys.retire({ kid, now: new Date() }))) throw connectionError('signing-key-retired');
    return this.#toView(await this.#find(kid));
  }

  /** @throws AppError `signing-key-in-use` until ten minutes after the key was retired. */
  async delete(kid: string): Promise<void> {
    await this.#find(kid);
    const retiredBefore = new Date(Date.now() - keptAfterRetirementMs);
    if (!(await this.#signingKeys.delete({ kid, retiredBefore }))) throw connectionError('signing-key-in-use');
  }

  async #find(kid: string): Promise<SigningKeyRecord> {
    const record = (await this.#signingKeys.list()).find((candidate) => candidate.kid === kid);
    if (record) return record;
    throw connectionError('unknown-signing-key');
  }

  async #toView(record: SigningKeyRecord): Promise<SigningKeyView> {
    const { kid, alg, retiredAt } = record;
    const signing = await this.#signingKeys.findForSigning(alg);
    const state = retiredAt ? 'retired' : signing?.kid === kid ? 'active' : 'published';
    return viewOf(signingKeyViewSchema, { ...record, state });
  }
}

async function importGiven(key: { readonly text: string; readonly kid: string | undefined }) {
  try {
    return await importSigningKey(key);
  } catch (error) {
    if (error instanceof AppError) throw invalidRequest([{ path: 'privateKey', message: error.message }]);
    throw error;
  }
}

function isStillNeeded(retiredAt: Date | undefined, nowMs: number): boolean {
  return retiredAt === undefined || nowMs - retiredAt.getTime() < keptAfterRetirementMs;
}

function kidTaken(): AppError {
  return invalidRequest([
    {
      path: 'kid',
      message: 'another signing key has this id. Give the key another `kid`, so that EHRs can tell them apart.',
    },
  ]);
}

/** Asks for a new key pair of `alg`, or imports an existing key as PEM or as a JWK. */
export const signingKeyBodySchema = z
  .strictObject({
    alg: z
      .enum(assertionAlgorithms)
      .optional()
      .describe('The algorithm of a new key. Give either `alg` or `privateKey`.'),
    privateKey: privateKeySchema
      .optional()
      .describe('A private key to import, as PEM or as a JWK. It is stored encrypted and never returned.'),
    kid: kidSchema.optional().describe('The id of an imported key. Default: its thumbprint (RFC 7638).'),
  })
  .refine(({ alg, privateKey }) => (alg === undefined) !== (privateKey === undefined), {
    path: ['alg'],
    error: 'give either `alg` to create a key, or `privateKey` to import one',
  })
  .refine(({ kid, privateKey }) => kid === undefined || privateKey !== undefined, {
    path: ['kid'],
    error: 'is only for an imported key: a new key is named by its thumbprint',
  })
  .meta({ description: 'The algorithm of a new key, or a private key to import.' });
