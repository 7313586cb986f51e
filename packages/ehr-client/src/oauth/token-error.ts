import type { Connection } from '@bulkhead/providers';
import { AppError, toEhrText } from '@bulkhead/runtime';
import * as openid from 'openid-client';
import { egressRefusal } from '../http/egress-guard.ts';
import type { TokenAnswer } from './token-endpoint.ts';
import { tokenRemedy } from './token-refusal.ts';

/** athenahealth issues 50 new tokens a minute (5 in preview), then refuses until the minute ends. */
const unavailableMs = 60_000;

/** What became of a request to the token endpoint, from what openid-client throws. */
export async function toTokenError(options: {
  readonly connection: Connection;
  readonly cause: unknown;
  /** The endpoint's answer, if there was one. */
  readonly answer: TokenAnswer | undefined;
}): Promise<AppError> {
  const { connection, cause, answer } = options;
  const own = egressRefusal(cause) ?? appErrorIn(cause);
  if (own) return own;
  // A 401 with the challenge that RFC 6749 5.2 asks for has a class of its own in openid-client.
  const { status = 500 } =
    cause instanceof openid.ResponseBodyError || cause instanceof openid.WWWAuthenticateChallengeError ? cause : {};
  const body = await readBody(cause);
  const reason = reasonOf(body);
  const context = { connectionId: connection.id, reason };
  const { error_description: description } = body;
  const ehrText = typeof description === 'string' ? toEhrText(description) : undefined;
  if (status < 500 && status !== 429) {
    const method = connection.auth.method === 'none' ? 'client_credentials' : connection.auth.method;
    return new AppError({
      code: 'token-refused',
      message: `The EHR refused to issue an access token. ${tokenRemedy({ reason, method })}`,
      retry: 'never',
      context,
      ehrText,
    });
  }
  if (answer && answer.status < 500 && answer.status !== 429) {
    return new AppError({
      code: 'token-not-understood',
      message: "The token endpoint's answer is not a token. Verify the token endpoint of the connection.",
      retry: 'briefly',
      context: { ...context, status: answer.status },
      ehrText: withoutTokens(answer.body.toString('utf8')),
    });
  }
  return new AppError({
    code: 'token-unavailable',
    message: "The EHR's token endpoint did not answer. It is tried again; if it lasts, verify the token endpoint.",
    retry: { afterMs: unavailableMs },
    context,
  });
}

/** An answer can hold good tokens and be unusable for another reason. The text is stored and shown, so it must not repeat them. */
function withoutTokens(body: string): string | undefined {
  return /(?:access|refresh|id)_token/.test(body) ? undefined : toEhrText(body);
}

interface RefusalBody {
  readonly error?: unknown;
  readonly error_description?: unknown;
}

/** RFC 6749 5.2. */
async function readBody(cause: unknown): Promise<RefusalBody> {
  const isChallenge = cause instanceof openid.WWWAuthenticateChallengeError;
  const body: unknown = isChallenge ? await cause.response.json().catch(() => undefined) : cause;
  return (body ?? {}) as RefusalBody;
}

/** The code of RFC 6749 5.2, such as `invalid_client`; nothing else that a server says. */
function reasonOf({ error }: RefusalBody): string | undefined {
  return typeof error === 'string' && /^[a-z_]{1,50}$/.test(error) ? error : undefined;
}

/** What our own parts throw inside of a call comes back wrapped by openid-client. */
function appErrorIn(error: unknown): AppError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AppError) return cause;
  return undefined;
}
