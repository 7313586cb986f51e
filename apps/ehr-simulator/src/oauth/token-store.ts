import { randomBytes } from 'node:crypto';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';

export interface Grant {
  readonly clientId: string;
  readonly scope: string;
  /** Set for tokens that stand for a user (authorization_code). */
  readonly patient?: string;
}

export interface AuthorizationCode extends Grant {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly expiresAtMs: number;
}

interface IssuedToken extends Grant {
  expiresAtMs: number;
}

const codeLifeMs = 60_000;
/** Past this the expired ones are dropped, so that a simulator that runs for days does not grow. */
const pruneAbove = 1000;

/** Codes, access tokens and refresh tokens of one simulator. */
export class TokenStore {
  private readonly options: SimulatorOptions;
  private readonly clock: Clock;
  private readonly access = new Map<string, IssuedToken>();
  private readonly refresh = new Map<string, Grant>();
  private readonly codes = new Map<string, AuthorizationCode>();
  private readonly assertions = new Map<string, number>();
  private minute = { index: 0, count: 0 };
  issuedCount = 0;
  /** Tokens that were known when they were revoked. */
  revokedCount = 0;

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.options = options;
    this.clock = clock;
  }

  /** Counts a call of the token endpoint. @returns 0, or the seconds to the end of the minute once its budget is spent. */
  spendMinute(): number {
    const nowMs = this.clock.now();
    const index = Math.floor(nowMs / 60_000);
    if (index !== this.minute.index) this.minute = { index, count: 0 };
    this.minute.count += 1;
    return this.minute.count <= this.options.tokensPerMinute ? 0 : Math.ceil(((index + 1) * 60_000 - nowMs) / 1000);
  }

  issueAccess(grant: Grant): string {
    const nowMs = this.clock.now();
    if (this.access.size > pruneAbove) {
      for (const [token, { expiresAtMs }] of this.access) if (expiresAtMs <= nowMs) this.access.delete(token);
    }
    const token = randomBytes(24).toString('base64url');
    this.access.set(token, { ...grant, expiresAtMs: nowMs + this.options.tokenSeconds * 1000 });
    this.issuedCount += 1;
    return token;
  }

  checkAccess(token: string): 'valid' | 'expired' | 'unknown' {
    const issued = this.access.get(token);
    if (!issued) return 'unknown';
    return issued.expiresAtMs > this.clock.now() ? 'valid' : 'expired';
  }

  /** Ends the life of every access token now; they stay known, so that using one is told from inventing one. */
  expireAll(): void {
    for (const token of this.access.values()) token.expiresAtMs = this.clock.now();
  }

  /** @returns undefined for a token that is not known, or has expired. */
  scopeOf(token: string): string | undefined {
    return this.checkAccess(token) === 'valid' ? this.access.get(token)?.scope : undefined;
  }

  /** @returns false where an assertion of that id came before. */
  useAssertion({ jti, expiresAtMs }: { readonly jti: string; readonly expiresAtMs: number }): boolean {
    for (const [used, endMs] of this.assertions) if (endMs < this.clock.now()) this.assertions.delete(used);
    if (this.assertions.has(jti)) return false;
    this.assertions.set(jti, expiresAtMs);
    return true;
  }

  issueRefresh(grant: Grant): string {
    const token = randomBytes(24).toString('base64url');
    this.refresh.set(token, grant);
    return token;
  }

  /** Rotation: a refresh token works once. */
  takeRefresh(token: string): Grant | undefined {
    const grant = this.refresh.get(token);
    this.refresh.delete(token);
    return grant;
  }

  issueCode(code: Omit<AuthorizationCode, 'expiresAtMs'>): string {
    const name = randomBytes(16).toString('base64url');
    this.codes.set(name, { ...code, expiresAtMs: this.clock.now() + codeLifeMs });
    return name;
  }

  takeCode(name: string): AuthorizationCode | undefined {
    const code = this.codes.get(name);
    this.codes.delete(name);
    return code && code.expiresAtMs > this.clock.now() ? code : undefined;
  }

  revoke(token: string): void {
    const known = [this.access.delete(token), this.refresh.delete(token)];
    if (known.includes(true)) this.revokedCount += 1;
  }
}
