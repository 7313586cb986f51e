import type { RetryAdvice } from '@bulkhead/runtime';

/** Whose token it is, and under which credentials it may be used. */
export interface TokenOwner {
  readonly connectionId: string;
  /** `Connection.credentialsVersion`, or 0. */
  readonly credentialsVersion: number;
}

/** Why a token could not be had; told to everybody who waited for the same request. */
export interface TokenFailure {
  /** Tells one failure from the next. */
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly retry: RetryAdvice;
  readonly reason?: string;
  /** See `toEhrText`. */
  readonly ehrText?: string;
}

/** What all processes know of a connection's tokens. Times are counted by the store's clock: those of processes differ. */
export interface TokenState {
  readonly token?: {
    readonly accessToken: string;
    readonly scope?: string;
    readonly ageMs: number;
    /** Negative once it is due. */
    readonly renewInMs: number;
  };
  readonly refreshToken?: string;
  readonly failure?: TokenFailure;
  /** The user's authorization has ended: only another one helps. */
  readonly needsAuthorization: boolean;
  /** Counts what was saved: a grant replaces only what its holder has seen. */
  readonly generation: number;
}

/** A token endpoint's answer, for the store. */
export interface SavedGrant {
  readonly accessToken: string;
  readonly scope: string;
  readonly renewAfterMs: number;
  readonly refreshToken?: string;
}

/** Tokens that every process shares, so that the cluster asks for each of them once. */
export interface TokenStore {
  /** @throws AppError `connection-changed` where the credentials are not the newest any more. */
  read(owner: TokenOwner): Promise<TokenState>;
  /** Takes the right to ask for the connection's token. @returns undefined while somebody else has it. */
  takeLease(
    options: TokenOwner & { readonly holder: string; readonly durationMs: number },
  ): Promise<TokenState | undefined>;
  /** Makes a lease that is still held last longer; one that has ended stays ended, however late this comes. */
  extendLease(options: TokenOwner & { readonly holder: string; readonly durationMs: number }): Promise<void>;
  releaseLease(options: TokenOwner & { readonly holder: string }): Promise<void>;
  /** Stores a grant and ends the lease. @returns false where another grant was saved since `generation`. */
  save(options: TokenOwner & { readonly generation: number; readonly grant: SavedGrant }): Promise<boolean>;
  /** Ends the lease with the reason. */
  fail(
    options: TokenOwner & {
      readonly holder: string;
      readonly failure: TokenFailure;
      readonly needsAuthorization: boolean;
    },
  ): Promise<void>;
}
