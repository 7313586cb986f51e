import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';

interface Jwks {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export type FindClientKey = (kid: string) => Promise<Jwks['keys'][number] | undefined>;

/** Finds the client's public keys. Like a strict server it does not refresh its cache early for an unknown `kid`. */
export function clientKeyFinder(context: { readonly options: SimulatorOptions; readonly clock: Clock }): FindClientKey {
  const { options, clock } = context;
  let kept: { readonly url: string; readonly jwks: Jwks; readonly readAtMs: number } | undefined;
  const read = async (): Promise<Jwks> => {
    const { jwksUrl: url, jwksCacheSeconds } = options;
    if (url === undefined) return { keys: [] };
    if (kept?.url === url && clock.now() - kept.readAtMs < jwksCacheSeconds * 1000) return kept.jwks;
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    const jwks = response.ok ? ((await response.json()) as Jwks) : { keys: [] };
    kept = { url, jwks, readAtMs: clock.now() };
    return jwks;
  };
  return async (kid) => (options.jwks ?? (await read())).keys.find((key) => key.kid === kid);
}
