import type { ErrorCode, RetryAdvice } from '@bulkhead/base';

/** The connection of a token, and the version of the credentials with which the token may be used. */
export interface TokenOwner {
  readonly connectionId: string;
  /** `Connection.credentialsVersion`, or 0. */
  readonly credentialsVersion: number;
}

/** Why no token was issued. All processes that waited for the same request get it. */
export interface TokenFailure {
  /** Distinguishes one failure from the next. */
  readonly id: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retry: RetryAdvice;
  readonly reason?: string;
  /** See `toEhrText`. */
  readonly ehrText?: string;
}

/**
 * The state of a connection's tokens that all processes share. Times are relative and measured by the store's clock, because the
 * clocks of processes differ.
 */
export interface TokenState {
  readonly token?: {
    readonly accessToken: string;
    readonly scope?: string;
    readonly ageMs: number;
    /** Negative if the renewal is overdue. */
    readonly renewInMs: number;
  };
  readonly refreshToken?: string;
  readonly failure?: TokenFailure;
  /** The user's authorization has ended, so the user has to authorize again. */
  readonly needsAuthorization: boolean;
  /** Counts saved grants. A grant is only saved if its holder has seen the latest one. */
  readonly generation: number;
}

/** A token endpoint's answer in the form in which it is stored. */
export interface SavedGrant {
  readonly accessToken: string;
  readonly scope: string;
  readonly renewAfterMs: number;
  readonly refreshToken?: string;
}

/** Stores tokens for all processes, so that the cluster requests each of them once. */
export interface TokenStore {
  /** @throws AppError `connection-changed` if the credentials are no longer the newest */
  read(owner: TokenOwner): Promise<TokenState>;
  /** Takes the right to request the connection's token. @returns undefined while another process has it */
  takeLease(
    options: TokenOwner & { readonly holder: string; readonly durationMs: number },
  ): Promise<TokenState | undefined>;
  /** Extends a lease that is still held. A lease that has ended stays ended, even if this call arrives late. */
  extendLease(options: TokenOwner & { readonly holder: string; readonly durationMs: number }): Promise<void>;
  releaseLease(options: TokenOwner & { readonly holder: string }): Promise<void>;
  /**
   * Binds the client secret of a connection to the origin of a token endpoint, unless it is bound already. New credentials are not bound.
   * @returns the origin to which the secret may be sent
   */
  bindSecret(options: TokenOwner & { readonly origin: string }): Promise<string>;
  /** Stores a grant and ends the lease. @returns false if another grant was saved since `generation` */
  save(options: TokenOwner & { readonly generation: number; readonly grant: SavedGrant }): Promise<boolean>;
  /** Stores the failure and ends the lease. */
  fail(
    options: TokenOwner & {
      readonly holder: string;
      readonly failure: TokenFailure;
      readonly needsAuthorization: boolean;
    },
  ): Promise<void>;
}
