import type { BackendClient, Jwks } from './backend-client.record.ts';

/** Keys are rotated in hours. Until then, nothing is read again for each token. */
const keptMs = 5 * 60_000;
/** A key that is not known may be new. Anyone can send an assertion with such a key, so its keys are not read for each one. */
const readAgainAfterMs = 30_000;

/** A client has one key, or two while it rotates them. Companies publish those of all of their clients at one URL. */
const maxKeys = 1000;

/** Reads the JSON at a URL. @throws if it cannot be read */
export type ReadJson = (url: string) => Promise<unknown>;

/** Finds the public keys of clients: those that were registered, or those at the URL of the client. */
export class ClientKeys {
  private readonly readJson;
  private readonly kept = new Map<string, { readonly keys: Promise<Jwks>; readonly readAtMs: number }>();

  constructor(readJson: ReadJson) {
    this.readJson = readJson;
  }

  /** @returns undefined if the client has no key with this id, or if its keys cannot be read */
  async find(
    { jwks, jwksUrl = '' }: Pick<BackendClient, 'jwks' | 'jwksUrl'>,
    kid: string,
  ): Promise<Jwks['keys'][number] | undefined> {
    if (jwks) return keyOf(jwks, kid);
    const known = await this.read(jwksUrl, keptMs);
    return keyOf(known, kid) ?? keyOf(await this.read(jwksUrl, readAgainAfterMs), kid);
  }

  private read(url: string, maxAgeMs: number): Promise<Jwks> {
    const kept = this.kept.get(url);
    if (kept && Date.now() - kept.readAtMs < maxAgeMs) return kept.keys;
    const keys = this.readJson(url).then(
      (json) => ({ keys: keysIn(json) }),
      () => ({ keys: [] }),
    );
    this.kept.set(url, { keys, readAtMs: Date.now() });
    return keys;
  }
}

/** Other keys than those of assertions can be among them, of any form. */
function keysIn(json: unknown): Jwks['keys'] {
  const { keys } = (json ?? {}) as { readonly keys?: unknown };
  const hasId = (key: unknown) => typeof (key as { readonly kid?: unknown } | null)?.kid === 'string';
  return Array.isArray(keys) ? keys.slice(0, maxKeys).filter(hasId) : [];
}

function keyOf({ keys }: Jwks, kid: string): Jwks['keys'][number] | undefined {
  return keys.find((key) => key.kid === kid);
}
