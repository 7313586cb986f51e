import { randomBytes } from 'node:crypto';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';

export interface Grant {
  readonly clientId: string;
  readonly scope: string;
  /** Set for tokens of a user (authorization_code). */
  readonly patient?: string;
}

export interface AuthorizationCode extends Grant {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly expiresAtMs: number;
}

const codeLifeMs = 60_000;
/** Above this size expired tokens are removed, so that memory does not grow over days. */
const pruneAbove = 1000;

/** Codes, access tokens and refresh tokens of one simulator. */
export class IssuedTokens {
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #access = new Map<string, Grant & { expiresAtMs: number }>();
  readonly #refresh = new Map<string, Grant>();
  readonly #codes = new Map<string, AuthorizationCode>();
  readonly #assertions = new Map<string, number>();
  #minute = { index: 0, count: 0 };
  issuedCount = 0;
  /** Counts only tokens that were valid when they were revoked. */
  revokedCount = 0;

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Counts a request to the token endpoint.
   * @returns 0, or the seconds until the minute ends if its budget is spent.
   */
  spendMinute(): number {
    const nowMs = this.#clock.now();
    const index = Math.floor(nowMs / 60_000);
    if (index !== this.#minute.index) this.#minute = { index, count: 0 };
    this.#minute.count += 1;
    return this.#minute.count <= this.#options.tokensPerMinute ? 0 : Math.ceil(((index + 1) * 60_000 - nowMs) / 1000);
  }

  issueAccess(grant: Grant): string {
    const nowMs = this.#clock.now();
    if (this.#access.size > pruneAbove) {
      for (const [token, { expiresAtMs }] of this.#access) if (expiresAtMs <= nowMs) this.#access.delete(token);
    }
    const token = randomBytes(24).toString('base64url');
    this.#access.set(token, { ...grant, expiresAtMs: nowMs + this.#options.tokenSeconds * 1000 });
    this.issuedCount += 1;
    return token;
  }

  checkAccess(token: string): 'valid' | 'expired' | 'unknown' {
    const issued = this.#access.get(token);
    if (!issued) return 'unknown';
    return issued.expiresAtMs > this.#clock.now() ? 'valid' : 'expired';
  }

  /** Expires every access token now. They stay known, so that expired and unknown tokens can be distinguished. */
  expireAll(): void {
    for (const token of this.#access.values()) token.expiresAtMs = this.#clock.now();
  }

  /** @returns undefined for a token that is unknown or expired. */
  scopeOf(token: string): string | undefined {
    return this.checkAccess(token) === 'valid' ? this.#access.get(token)?.scope : undefined;
  }

  /** @returns false if an assertion with this id was used before. */
  useAssertion({ jti, expiresAtMs }: { readonly jti: string; readonly expiresAtMs: number }): boolean {
    for (const [used, endMs] of this.#assertions) if (endMs < this.#clock.now()) this.#assertions.delete(used);
    if (this.#assertions.has(jti)) return false;
    this.#assertions.set(jti, expiresAtMs);
    return true;
  }

  issueRefresh(grant: Grant): string {
    const token = randomBytes(24).toString('base64url');
    this.#refresh.set(token, grant);
    return token;
  }

  /** A refresh token works only once (rotation). */
  takeRefresh(token: string): Grant | undefined {
    const grant = this.#refresh.get(token);
    this.#refresh.delete(token);
    return grant;
  }

  issueCode(code: Omit<AuthorizationCode, 'expiresAtMs'>): string {
    const name = randomBytes(16).toString('base64url');
    this.#codes.set(name, { ...code, expiresAtMs: this.#clock.now() + codeLifeMs });
    return name;
  }

  takeCode(name: string): AuthorizationCode | undefined {
    const code = this.#codes.get(name);
    this.#codes.delete(name);
    return code && code.expiresAtMs > this.#clock.now() ? code : undefined;
  }

  revoke(token: string): void {
    const removals = [this.#access.delete(token), this.#refresh.delete(token)];
    if (removals.includes(true)) this.revokedCount += 1;
  }
}
