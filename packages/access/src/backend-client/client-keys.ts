import type { BackendClient, Jwks } from './backend-client.record.ts';

/** Keys are rotated in hours. Until then, nothing is read again for each token. */
const keptMs = 5 * 60_000;
/** A key that is not known may be new. Anyone can send an assertion with such a key, so its keys are not read for each one. */
const readAgainAfterMs = 30_000;

/**
 * Keys that cannot be read again are used for this long: a failure of the client's server must not end its log-ins, and a key that was
 * removed there must not be accepted for ever.
 */
const usedUnreadMs = 60 * 60_000;

/** A client has one key, or two while it rotates them. Companies publish those of all of their clients at one URL. */
const maxKeys = 1000;

/** Reads the JSON at a URL. @throws if it cannot be read */
export type ReadJson = (url: string) => Promise<unknown>;

/** The keys at a URL, and when they were read. */
interface Known extends Jwks {
  readonly readAtMs: number;
}
const none: Known = { keys: [], readAtMs: 0 };

/** Finds the public keys of clients: those that were registered, or those at the URL of the client. */
export class ClientKeys {
  readonly #readJson;
  readonly #kept = new Map<string, { readonly known: Promise<Known>; readonly triedAtMs: number }>();

  constructor(readJson: ReadJson) {
    this.#readJson = readJson;
  }

  /** @returns undefined if the client has no key with this id, or if its keys cannot be read */
  async find(
    { jwks, jwksUrl = '' }: Pick<BackendClient, 'jwks' | 'jwksUrl'>,
    kid: string,
  ): Promise<Jwks['keys'][number] | undefined> {
    if (jwks) return keyOf(jwks, kid);
    const known = await this.#read(jwksUrl, keptMs);
    return keyOf(known, kid) ?? keyOf(await this.#read(jwksUrl, readAgainAfterMs), kid);
  }

  #read(url: string, maxAgeMs: number): Promise<Known> {
    const kept = this.#kept.get(url);
    if (kept && Date.now() - kept.triedAtMs < maxAgeMs) return kept.known;
    const known = this.#readAgain(url, kept?.known);
    this.#kept.set(url, { known, triedAtMs: Date.now() });
    return known;
  }

  async #readAgain(url: string, before: Promise<Known> | undefined): Promise<Known> {
    try {
      return { keys: keysIn(await this.#readJson(url)), readAtMs: Date.now() };
    } catch {
      const known = (await before) ?? none;
      return Date.now() - known.readAtMs < usedUnreadMs ? known : none;
    }
  }
}

/** Other keys than those of assertions can be among them, of any form. @throws if it is not a list of keys, such as an error of a proxy */
function keysIn(json: unknown): Jwks['keys'] {
  const { keys } = (json ?? {}) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw new TypeError('not a JWKS');
  const hasId = (key: unknown) => typeof (key as { readonly kid?: unknown } | null)?.kid === 'string';
  return keys.slice(0, maxKeys).filter(hasId);
}

function keyOf({ keys }: Jwks, kid: string): Jwks['keys'][number] | undefined {
  return keys.find((key) => key.kid === kid);
}
