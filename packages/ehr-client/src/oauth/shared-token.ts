import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import type { TokenGrant } from './token-request.ts';
import type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from './token-store.ts';

export interface Token {
  readonly accessToken: string;
  readonly scope?: string;
  /** Both by this process's monotonic clock, ms. */
  readonly issuedAt: number;
  readonly renewAt: number;
}

interface Flight {
  readonly store: TokenStore;
  readonly owner: TokenOwner;
  /** A token that the EHR does not take. */
  readonly refused: string | undefined;
  /** Asks the token endpoint, for a user's authorization by the refresh token. */
  readonly ask: (refreshToken: string | undefined) => Promise<TokenGrant>;
}

/** A token must outlive the request it is sent with. */
const renewBeforeExpiryMs = 60_000;
/** Short, so that the next process need not wait long where the holder was killed; renewed while it lives. */
const leaseMs = 15_000;
const renewLeaseEveryMs = 5000;
/** A read by id, by each process that waits; a token endpoint answers within some of these. */
const lookEveryMs = 150;
/** Longer than a restart of MongoDB; the driver itself waits 3 s for a server each time. */
const keepTryingMs = 10 * 60_000;
const trySavingEveryMs = 500;

/**
 * A connection's token, asked for once by the whole cluster: whoever has the lease asks, everybody else looks for what comes
 * of it, be it a token or a failure. If the holder dies, the lease runs out and the next takes over.
 */
export async function obtainShared(flight: Flight): Promise<Token> {
  const { store, owner } = flight;
  const holder = randomUUID();
  const first = await store.read(owner);
  for (let state = first; ; state = await store.read(owner)) {
    const outcome = readOutcome({ ...flight, state, first });
    if (outcome) return settle(outcome);
    const held = await store.takeLease({ ...owner, holder, durationMs: leaseMs });
    const asked = held && (await underLease({ ...flight, holder, state: held, first }));
    if (asked) return asked;
    if (!held) await setTimeout(lookEveryMs);
  }
}

/** @returns undefined where somebody else's grant was stored before this one. */
async function underLease(options: Attempt & { readonly holder: string }) {
  const { store, owner, holder, state, ask } = options;
  // Another process may have ended its request between the last read and this lease.
  const outcome = readOutcome(options);
  if (outcome) {
    await store.releaseLease({ ...owner, holder });
    return settle(outcome);
  }
  const timer = setInterval(() => {
    // While the database is away the lease runs out for everybody, and nobody can take it.
    store.extendLease({ ...owner, holder, durationMs: leaseMs }).catch(() => undefined);
  }, renewLeaseEveryMs);
  try {
    const grant = toSaved(await ask(state.refreshToken));
    const issuedAt = performance.now();
    // A refresh token works once, so the next one must not be lost: it is stored before anything is done with its token.
    const saved = await untilSaved(() => store.save({ ...owner, generation: state.generation, grant }), {
      mustBeKept: grant.refreshToken !== undefined,
    });
    return saved ? { ...grant, issuedAt, renewAt: issuedAt + grant.renewAfterMs } : undefined;
  } catch (error) {
    // If this is not told, the lease runs out and the next one asks.
    const failure = toFailure(error);
    const needsAuthorization = failure.code === 'authorization-needed';
    await store.fail({ ...owner, holder, failure, needsAuthorization }).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** A flight with the state that it read last, and the state at its start. */
interface Attempt extends Flight {
  readonly state: TokenState;
  readonly first: TokenState;
}

/**
 * What another process has stored: a token, or an error that ended its request after this flight began. If the EHR has refused the
 * authorization, the next request would be refused too, so that error counts whenever it was stored.
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

/** While the database is away, its lease cannot be taken by anybody else. */
async function untilSaved(
  save: () => Promise<boolean>,
  { mustBeKept }: { readonly mustBeKept: boolean },
): Promise<boolean> {
  const deadline = performance.now() + keepTryingMs;
  for (;;) {
    try {
      return await save();
    } catch (error) {
      if (!mustBeKept || performance.now() > deadline) throw error;
      await setTimeout(trySavingEveryMs);
    }
  }
}

export function toSaved({ lifetimeMs, patient: _, ...grant }: TokenGrant): SavedGrant {
  return { ...grant, renewAfterMs: Math.max(lifetimeMs - renewBeforeExpiryMs, lifetimeMs / 2) };
}

function toFailure(error: unknown): TokenFailure {
  const id = randomUUID();
  if (!(error instanceof AppError)) {
    const message = 'The process that asked for the token failed. It is asked for again.';
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
