import { AppError, type Connection } from '@bulkhead/domain';
import * as openid from 'openid-client';
import { egressRefusal } from './egress-guard.ts';

/** athenahealth issues 50 new tokens a minute (5 in preview) and then refuses to the end of the minute. */
const unavailableMs = 60_000;

/** What became of a request to the token endpoint, from what openid-client throws. */
export async function toTokenError(options: {
  readonly connection: Connection;
  readonly cause: unknown;
}): Promise<AppError> {
  const { connection, cause } = options;
  const own = egressRefusal(cause) ?? appErrorIn(cause);
  if (own) return own;
  // A 401 with the challenge that RFC 6749 5.2 asks for has a class of its own in openid-client.
  const { status = 500 } =
    cause instanceof openid.ResponseBodyError || cause instanceof openid.WWWAuthenticateChallengeError ? cause : {};
  const context = { connectionId: connection.id, reason: await reasonOf(cause) };
  if (status < 500 && status !== 429) {
    return new AppError({
      code: 'token-refused',
      message: 'The EHR refused to issue an access token. Verify client id, credentials and scope of the connection.',
      retry: 'never',
      context,
    });
  }
  return new AppError({
    code: 'token-unavailable',
    message: "The EHR's token endpoint did not answer. It is tried again; if it lasts, verify the token endpoint.",
    retry: { afterMs: unavailableMs },
    context,
  });
}

/** The code of RFC 6749 5.2, such as `invalid_client`; nothing else that a server says. */
async function reasonOf(cause: unknown): Promise<string | undefined> {
  const isChallenge = cause instanceof openid.WWWAuthenticateChallengeError;
  const body: unknown = isChallenge ? await cause.response.json().catch(() => undefined) : cause;
  const { error } = (body ?? {}) as { error?: unknown };
  return typeof error === 'string' && /^[a-z_]{1,50}$/.test(error) ? error : undefined;
}

/** What our own parts throw inside of a call comes back wrapped by openid-client. */
function appErrorIn(error: unknown): AppError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AppError) return cause;
  return undefined;
}
