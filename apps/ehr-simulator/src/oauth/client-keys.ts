import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';

interface Jwks {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** The client's public keys. Like a strict server it does not refresh its cache early for an unknown `kid`. */
export class ClientKeys {
  private readonly options: SimulatorOptions;
  private readonly clock: Clock;
  private kept: { readonly url: string; readonly jwks: Jwks; readonly readAtMs: number } | undefined;

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.options = options;
    this.clock = clock;
  }

  async find(kid: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { keys } = this.options.jwks ?? (await this.read());
    return keys.find((key) => key.kid === kid);
  }

  private async read(): Promise<Jwks> {
    const { jwksUrl: url, jwksCacheSeconds } = this.options;
    if (url === undefined) return { keys: [] };
    const { kept } = this;
    const isFresh = kept?.url === url && this.clock.now() - kept.readAtMs < jwksCacheSeconds * 1000;
    if (kept && isFresh) return kept.jwks;
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    const jwks = response.ok ? ((await response.json()) as Jwks) : { keys: [] };
    this.kept = { url, jwks, readAtMs: this.clock.now() };
    return jwks;
  }
}
