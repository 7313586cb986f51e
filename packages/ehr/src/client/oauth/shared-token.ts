import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/base';
import type { TokenGrant } from './token-request.ts';
import type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from './token-store.ts';

/**
 * One token per connection for the whole cluster. The EHR limits token requests, and a refresh token works only once, so processes
 * must not request a token concurrently.
 *
 *   read the store --> usable token, or a failure since the start --> done
 *         |
 *         +--> take the lease --> request a token --> save the token (or the failure), which ends the lease
 *         |
 *         +--> lease is taken --> wait, read the store again
 *
 * The holder extends its lease while it works. If it dies, the lease expires and the next process takes it.
 */
export interface Token {
  readonly accessToken: string;
  readonly scope?: string;
  /** The response had no token type. Only the process that requested the token knows it. */
  readonly isUntyped?: true;
  /** Both times are of this process's monotonic clock, in ms. */
  readonly issuedAt: number;
  readonly renewAt: number;
}

interface Flight {
  readonly store: TokenStore;
  readonly owner: TokenOwner;
  /** A token that the EHR refused. */
  readonly refused: string | undefined;
  /** Sends a request to the token endpoint. For a user's authorization it uses the refresh token. */
  readonly requestGrant: (refreshToken: string | undefined) => Promise<TokenGrant>;
}

/** A token must be valid longer than the request that it is sent with. */
const renewBeforeExpiryMs = 60_000;
/** Short, so that the next process need not wait long if the holder was killed. The holder extends it while it works. */
const leaseMs = 15_000;
const renewLeaseEveryMs = 5000;
/** Each waiting process reads a record by id this often. A token endpoint answers within a few of these intervals. */
const pollEveryMs = 150;
/** Longer than a restart of MongoDB. The driver itself waits 3 s for a server each time. */
const keepTryingMs = 10 * 60_000;
const trySavingEveryMs = 500;

/**
 * Gets the token of a connection, which the whole cluster requests only once. The process with the lease sends the request. The
 * others wait for its result, which is a token or a failure. If the holder dies, the lease expires and the next process takes over.
 */
export async function obtainShared(flight: Flight): Promise<Token> {
  const { store, owner } = flight;
  const holder = randomUUID();
  const first = await store.read(owner);
  for (let state = first; ; state = await store.read(owner)) {
    const outcome = readOutcome({ ...flight, state, first });
    if (outcome) return settle(outcome);
    const lease = await store.takeLease({ ...owner, holder, durationMs: leaseMs });
    const granted = lease && (await underLease({ ...flight, holder, state: lease, first }));
    if (granted) return granted;
    if (!lease) await setTimeout(pollEveryMs);
  }
}

/** Gets a token that only this process uses, for one export. */
export async function obtainOwn(requestGrant: () => Promise<TokenGrant>): Promise<Token> {
  return toToken(await requestGrant());
}

function toToken(granted: TokenGrant): Token {
  const { accessToken, scope, renewAfterMs } = toSaved(granted);
  const issuedAt = performance.now();
  const untyped = granted.isUntyped ? ({ isUntyped: true } as const) : {};
  return { accessToken, scope, ...untyped, issuedAt, renewAt: issuedAt + renewAfterMs };
}

/** @returns undefined if another grant was stored before this one */
async function underLease(options: Attempt & { readonly holder: string }) {
  const { store, owner, holder, state, requestGrant } = options;
  // Another process may have finished its request between the last read and this lease.
  const outcome = readOutcome(options);
  if (outcome) {
    await store.releaseLease({ ...owner, holder });
    return settle(outcome);
  }
  const timer = setInterval(() => {
    // While the database is unavailable, the lease expires, but no other process can take it either.
    store.extendLease({ ...owner, holder, durationMs: leaseMs }).catch(() => undefined);
  }, renewLeaseEveryMs);
  try {
    const granted = await requestGrant(state.refreshToken);
    const grant = toSaved(granted);
    const issuedAt = performance.now();
    // A refresh token works only once, so the next one must not be lost. It is stored before its access token is used.
    const saved = await untilSaved(() => store.save({ ...owner, generation: state.generation, grant }), {
      mustBeKept: grant.refreshToken !== undefined,
    });
    const { isUntyped } = granted;
    return saved
      ? { ...grant, ...(isUntyped ? { isUntyped } : {}), issuedAt, renewAt: issuedAt + grant.renewAfterMs }
      : undefined;
  } catch (error) {
    // If this cannot be stored, the lease expires and the next process requests a token.
    const failure = toFailure(error);
    const needsAuthorization = failure.code === 'authorization-needed';
    await store.fail({ ...owner, holder, failure, needsAuthorization }).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** A flight with the state at its start and the latest state. */
interface Attempt extends Flight {
  readonly state: TokenState;
  readonly first: TokenState;
}

/**
 * The result that another process has stored: a token, or an error that ended its request after this flight began. If the EHR has
 * ended the authorization, the next request would fail too, so that error counts whenever it was stored.
 */
function readOutcome(attempt: Attempt): Token | AppError | undefined {
  const { state, first } = attempt;
  const { failure, needsAuthorization } = state;
  const token = usable(state, attempt);
  if (token) return token;
  return failure && (needsAuthorization || failure.id !== first.failure?.id) ? toError(failure) : undefined;
}

function settle(outcome: Token | AppError): Token {
  if (outcome instanceof AppError) throw outcome;
  return outcome;
}

function usable({ token }: TokenState, { refused }: Pick<Flight, 'refused'>): Token | undefined {
  if (!token || token.accessToken === refused || token.renewInMs <= 0) return undefined;
  const { ageMs, renewInMs, ...kept } = token;
  const now = performance.now();
  return { ...kept, issuedAt: now - ageMs, renewAt: now + renewInMs };
}

/** Retries to save a grant that must be kept. While the database is unavailable, no other process can take the lease. */
async function untilSaved(save: () => Promise<boolean>, { mustBeKept }: { readonly mustBeKept: boolean }) {
  const deadlineMs = performance.now() + keepTryingMs;
  for (;;) {
    try {
      return await save();
    } catch (error) {
      if (!mustBeKept || performance.now() > deadlineMs) throw error;
      await setTimeout(trySavingEveryMs);
    }
  }
}

export function toSaved({ lifetimeMs, patient: _, isUntyped: __, ...grant }: TokenGrant): SavedGrant {
  return { ...grant, renewAfterMs: Math.max(lifetimeMs - renewBeforeExpiryMs, lifetimeMs / 2) };
}

function toFailure(error: unknown): TokenFailure {
  const id = randomUUID();
  if (!(error instanceof AppError)) {
    const message = 'The process that requested the token failed. The token will be requested again.';
    return { id, code: 'token-unavailable', message, retry: { afterMs: 1000 } };
  }
  const { code, message, retry, context, ehrText } = error;
  return {
    id,
    code,
    message,
    retry,
    ...(context.reason === undefined ? {} : { reason: String(context.reason) }),
    ...(ehrText === undefined ? {} : { ehrText }),
  };
}

function toError({ code, message, retry, reason, ehrText }: TokenFailure): AppError {
  return new AppError({ code, message, retry, context: reason === undefined ? {} : { reason }, ehrText });
}
