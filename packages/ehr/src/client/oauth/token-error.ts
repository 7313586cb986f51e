import { AppError, toEhrText } from '@bulkhead/base';
import { connectionFailureOf, connectionRemedy, egressRefusal } from '@bulkhead/base/egress';
import * as openid from 'openid-client';
import type { ConnectionAuth, EhrConnection } from '../../providers/index.ts';
import { ehrError } from '../errors.ts';
import type { TokenAnswer } from '../http/token-endpoint.ts';

/** athenahealth issues 50 new tokens a minute (5 in preview), and then refuses until the minute ends. */
const unavailableMs = 60_000;

/** Converts what openid-client throws into an AppError. */
export async function toTokenError(options: {
  readonly connection: EhrConnection;
  readonly cause: unknown;
  /** The endpoint's answer, if there was one. */
  readonly answer: TokenAnswer | undefined;
}): Promise<AppError> {
  const { connection, cause, answer } = options;
  const knownError = egressRefusal(cause) ?? appErrorIn(cause);
  if (knownError) return knownError;
  // openid-client has a separate class for a 401 with the challenge that RFC 6749, section 5.2, requires.
  const { status = 500 } =
    cause instanceof openid.ResponseBodyError || cause instanceof openid.WWWAuthenticateChallengeError ? cause : {};
  const body = await readBody(cause);
  const reason = reasonOf(body);
  const context = { connectionId: connection.id, reason, status };
  const { error_description: description } = body;
  const ehrText = typeof description === 'string' ? toEhrText(description) : undefined;
  if (status < 500 && status !== 429) {
    const method = connection.auth.method === 'none' ? 'client_credentials' : connection.auth.method;
    return ehrError('token-refused', {
      message: `${refusalOf(connection)} ${tokenRemedy({ reason, method })}`,
      context,
      ehrText,
    });
  }
  if (answer && answer.status < 500 && answer.status !== 429) {
    return ehrError('token-not-understood', {
      context: { ...context, status: answer.status },
      ehrText: withoutTokens(answer.body.toString('utf8')),
    });
  }
  const failure = connectionFailureOf(cause);
  return ehrError('token-unavailable', {
    message:
      failure === undefined
        ? "The EHR's token endpoint failed. The request will be retried. If it keeps failing, verify the token endpoint."
        : `The EHR's token endpoint could not be reached (${failure}). The request will be retried. ${connectionRemedy(failure)}`,
    retry: { afterMs: unavailableMs },
    context: { ...context, reason: failure ?? reason },
  });
}

/** Names what a user compares with the EHR's developer portal. The host tells preview and production apart. */
function refusalOf({ auth, fhirEndpoint }: EhrConnection): string {
  if (auth.method === 'none') return 'The EHR refused to issue an access token.';
  const { host } = new URL(auth.tokenEndpoint ?? fhirEndpoint);
  return `The EHR at ${host} refused to issue an access token to the client id "${auth.clientId}".`;
}

/**
 * An answer can contain valid tokens and be unusable for another reason. This text is stored and shown, so it must not contain
 * them: of a response with a token, it only has the members that RFC 6749 defines and that are not secret.
 */
function withoutTokens(body: string): string | undefined {
  if (!/(?:access|refresh|id)_token/.test(body)) return toEhrText(body);
  try {
    const { token_type, expires_in, scope } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return toEhrText(JSON.stringify({ token_type, expires_in, scope }));
  } catch {
    return undefined;
  }
}

interface RefusalBody {
  readonly error?: unknown;
  readonly error_description?: unknown;
}

/** The error response of RFC 6749, section 5.2. */
async function readBody(cause: unknown): Promise<RefusalBody> {
  const isChallenge = cause instanceof openid.WWWAuthenticateChallengeError;
  const body: unknown = isChallenge ? await cause.response.json().catch(() => undefined) : cause;
  return (body ?? {}) as RefusalBody;
}

/** The error code of RFC 6749, section 5.2, such as `invalid_client`. No other text of the server is used. */
function reasonOf({ error }: RefusalBody): string | undefined {
  return typeof error === 'string' && /^[a-z_]{1,50}$/.test(error) ? error : undefined;
}

/** Finds an error that Bulkhead's own code threw inside the call. openid-client wraps it. */
function appErrorIn(error: unknown): AppError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AppError) return cause;
  return undefined;
}

type Method = Exclude<ConnectionAuth['method'], 'none'>;

/** What to do about a refusal of the token endpoint, by its error code (RFC 6749, section 5.2) and by the client's method. */
const remedies: Readonly<Record<string, Partial<Record<Method, string>> & { readonly any: string }>> = {
  invalid_client: {
    client_credentials:
      "The EHR does not say whether the client id or the client secret is wrong. First compare the client id of the connection with the application in the EHR's developer portal: at athenahealth, preview and production are separate applications. If it is the same, replace the client secret of the connection.",
    private_key_jwt:
      'Verify the client id, and that the EHR has the public key from GET /.well-known/jwks.json for this application.',
    any: 'Verify the client id and the credentials of the connection, and that the application is active at the EHR.',
  },
  invalid_grant: {
    private_key_jwt:
      "The signed assertion was rejected. Verify that the EHR has the public key from GET /.well-known/jwks.json, and compare the EHR's clock with yours.",
    client_credentials: 'Verify that the application may use client credentials at the EHR.',
    any: "The user's authorization has ended. Open the authorize URL of the connection again.",
  },
  unauthorized_client: {
    any: "The application is not registered for this authorization method (at athenahealth, it must be 2-legged). Enable it in the EHR's developer portal, or use another method for the connection.",
  },
  unsupported_grant_type: {
    any: 'The EHR does not offer this authorization method. Use another method for the connection.',
  },
  invalid_scope: {
    any: "The application is not registered for a scope of the connection. Compare its `auth.scope` with the EHR's developer portal, including its version (system/Patient.read or system/Patient.rs): `scopeVersion`, or `--scopes` of the command, lists the scopes of one version.",
  },
  invalid_request: {
    any: 'The EHR does not understand the token request. Verify the token endpoint and the method of the connection.',
  },
  access_denied: {
    any: 'The EHR denies this application access. "Policy evaluation failed" means that the scopes are not those for which the application was registered: a new one has none until you add them (at athenahealth on its Scopes tab, under FHIR R4 SMART V2), and one that is registered for SMART v2 (system/Patient.rs) refuses v1 (system/Patient.read), and perhaps a wildcard (system/*.rs). Replace the credentials of the connection with `scopeVersion`, or `--scopes` of the command. Otherwise verify that the practice has enabled the application.',
  },
};

const unknownRemedy = 'Verify the client id, the credentials and the scope of the connection.';

/** @param options.reason the EHR's error code; codes outside of RFC 6749 get the general advice */
export function tokenRemedy(options: { readonly reason: string | undefined; readonly method: Method }): string {
  const { reason = '', method } = options;
  const remedy = Object.hasOwn(remedies, reason) ? remedies[reason] : undefined;
  return remedy?.[method] ?? remedy?.any ?? unknownRemedy;
}
