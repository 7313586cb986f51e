import { randomUUID } from 'node:crypto';
import { AppError, type ErrorCode, present } from '@bulkhead/base';
import { connectionRemedy } from '@bulkhead/base/egress';
import { readCapabilities, tokenRemedy } from '@bulkhead/ehr';
import type { ConnectionAuth } from '@bulkhead/ehr/providers';
import { scopeVersionsOf } from '@bulkhead/fhir';
import { work } from '@bulkhead/queues';
import { isStoreUnavailable } from '@bulkhead/store';
import type { Connection, ConnectionTest, ConnectionTestStep } from '../connection.record.ts';
import { connectionError } from '../errors.ts';
import { testConnectionJob, testDraftJob } from '../jobs.ts';
import type { ConnectionDeps } from './deps.ts';
import { findScopes, mayLackScope, type ScopeSearchKeeper } from './find-scopes.ts';
import { hasNoStatement } from './read-capabilities.job.ts';
import { readForTest } from './read-for-test.ts';

/** Tests the connection and stores the result. */
export const testConnectionWork = work(testConnectionJob, { run: testConnectionAndSave });

/** Tests a connection that is not saved. Its token is deleted with its credentials. */
export const testDraftWork = work(testDraftJob, { run: testDraftAndSave });

type Step = ConnectionTestStep['step'];
type Run = (signal: AbortSignal, onTry: (tried: string) => void) => Promise<unknown>;

/** A step sends one or two requests and may wait for the token endpoint's limit per minute. */
const stepTimeoutMs = 75_000;

async function testConnectionAndSave(
  deps: ConnectionDeps<'connections'>,
  { connectionId: id, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { connections } = deps.store;
  const connection = await connections.findWithSecrets(id);
  if (!connection) return;
  const { credentialsVersion = 0 } = connection;
  const credentials = { id, credentialsVersion };
  const keeper: ScopeSearchKeeper = {
    begin: async (requested) => {
      const search = await connections.beginScopeSearch({ ...credentials, requested, now: deps.now() });
      if (!search) throw connectionError('connection-changed', { context: { connectionId: id } });
      return search;
    },
    note: (found) => connections.noteScope({ ...credentials, ...found }),
    async end(scope) {
      await connections.endScopeSearch({ ...credentials, scope, now: deps.now() });
      const ended = await connections.findWithSecrets(id);
      if (!ended) throw connectionError('connection-changed', { context: { connectionId: id } });
      return ended;
    },
  };
  const test = await testConnection(deps, { connection, signal, keeper });
  await connections.saveTest({ id, test });
}

async function testDraftAndSave(
  deps: ConnectionDeps<'accessTokens' | 'connectionDrafts'>,
  { draftId: id, signal }: { readonly draftId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { connectionDrafts, accessTokens } = deps.store;
  const connection = await connectionDrafts.find(id);
  if (!connection) return;
  try {
    await connectionDrafts.saveTest({ id, test: await testConnection(deps, { connection, signal }) });
  } finally {
    await accessTokens.delete(id);
  }
}

/**
 * Tests a connection against the EHR in up to three steps and stops at the first that fails:
 *
 * 1. `discovery`: the EHR publishes its OAuth addresses. If there is nothing to discover, the step reads the CapabilityStatement. An export
 *    works without it, so a server that has none passes, and the step `read` shows whether it is a FHIR server.
 * 2. `token`: the EHR issues a new token, if the connection uses tokens.
 * 3. `read`: the EHR accepts a request with that token. An EHR can issue a token and still refuse every request.
 *
 * If the token is refused for a scope, the step finds which are granted (`find-scopes.ts`), and continues with these.
 *
 * Each failed step has advice for the operator (`whatToDo`).
 */
async function testConnection(
  { ehr, now }: Pick<ConnectionDeps<never>, 'ehr' | 'now'>,
  options: {
    readonly connection: Connection;
    readonly signal: AbortSignal;
    /** Undefined for a connection that is not saved, because its tester waits for a minute. */
    readonly keeper?: ScopeSearchKeeper;
  },
): Promise<ConnectionTest> {
  const { connection, signal, keeper } = options;
  let session = ehr.session(connection);
  const steps: ConnectionTestStep[] = [];
  for (const [step, run] of stepsOf(connection)) {
    const { method } = connection.auth;
    const current = session;
    const runStep: Run = (limit, onTry) => run({ session: current, now: now(), signal: limit, onTry });
    const { error, ...refused } = await take({ step, run: runStep, signal, method });
    let result: ConnectionTestStep = refused;
    if (error && mayLackScope(current.connection as Connection, error)) {
      const searched = { ehr, connection: current.connection as Connection, keeper, signal };
      const found = await findScopesOf(searched);
      result = { ...result, whatToDo: found?.text ?? whenSaved };
      if (found?.kind === 'granted') {
        session = ehr.session(found.connection);
        const runAgain: Run = (limit, onTry) => run({ session, now: now(), signal: limit, onTry });
        const { error: _error, ...again } = await take({ step, run: runAgain, signal, method });
        result = again.ok ? { ...again, tried: found.text } : again;
      }
    }
    steps.push(result);
    if (!result.ok) break;
    // The scopes of the token are those of the types that the EHR declares today.
    if (step === 'discovery' && 'scopesOfDeclared' in connection.auth) {
      const capabilities = await readCapabilities({ session, now: now(), signal }).catch(() => undefined);
      session = ehr.session({ ...connection, ...present({ capabilities }) });
    }
  }
  return { id: randomUUID(), endedAt: now(), ok: steps.every(({ ok }) => ok), steps };
}

/** @returns undefined for a connection that is not saved */
async function findScopesOf(
  options: Omit<Parameters<typeof findScopes>[0], 'keeper'> & { readonly keeper?: ScopeSearchKeeper | undefined },
) {
  const { keeper, signal } = options;
  try {
    return keeper && (await findScopes({ ...options, keeper }));
  } catch (error) {
    if (signal.aborted || isStoreUnavailable(error) || !(error instanceof AppError)) throw error;
    const text = `Looking for the scopes that the EHR grants was interrupted. Test the connection again: the test continues where it was. ${error.message}`;
    return { kind: 'interrupted' as const, text };
  }
}

const whenSaved =
  'The EHR may have refused the token for one of several scopes: it does not say which. Save the connection and test it. The test then finds which scopes the application may have, and the connection requests these.';

type StepInput = Parameters<typeof readForTest>[0];

function stepsOf({ auth }: Connection): [Step, (input: StepInput) => Promise<unknown>][] {
  // If there is nothing to discover, the step checks that the FHIR endpoint is one.
  const hasTokenEndpoint = auth.method === 'none' || auth.tokenEndpoint !== undefined;
  return [
    ['discovery', hasTokenEndpoint ? findStatement : discover],
    ...(auth.method === 'none' ? [] : [['token', replaceToken] as [Step, typeof replaceToken]]),
    ['read', readForTest],
  ];
}

/** Says which version of scopes the EHR offers and which the connection requests, because an application is registered for one of them. */
async function discover({ session, signal, onTry }: StepInput): Promise<void> {
  const { auth } = session.connection;
  const { scopeVersions = [] } = await session.discover(signal);
  if (auth.method === 'none' || auth.method === 'authorization_code' || scopeVersions.length === 0) return;
  const requested = scopeVersionsOf(auth.scope);
  const offered = scopeVersions.join(' and ');
  const isWildcard = /(?:^| )system\/\*/.test(auth.scope) ? ' by a wildcard' : '';
  onTry(
    `The EHR offers scopes of ${offered}. The connection requests ${requested.join(' and ') || 'other scopes'}${isWildcard}. They must be those for which the application is registered.`,
  );
}

async function replaceToken({ session, signal, onTry }: StepInput): Promise<void> {
  const { isUntyped } = await session.replaceToken(signal);
  if (isUntyped) onTry('Warning: the token response has no token_type, so the token is used as a Bearer token.');
}

async function findStatement({ onTry, ...read }: StepInput): Promise<void> {
  try {
    await readCapabilities(read);
  } catch (error) {
    if (!hasNoStatement(error)) throw error;
    onTry('Read /metadata. The EHR has no CapabilityStatement, so exports use the level that is requested.');
  }
}

async function take(options: {
  readonly step: Step;
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly method: Connection['auth']['method'];
}): Promise<ConnectionTestStep & { readonly error?: AppError }> {
  const { step, run, signal, method } = options;
  const limit = AbortSignal.timeout(stepTimeoutMs);
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  let tried: string | undefined;
  const result = () => ({ step, durationMs: durationMs(), ...(tried === undefined ? {} : { tried }) });
  try {
    await run(AbortSignal.any([signal, limit]), (text) => {
      tried = text;
    });
    return { ...result(), ok: true };
  } catch (error) {
    // The worker is stopping or the database is unavailable. This says nothing about the connection, so the job is retried.
    if (signal.aborted || isStoreUnavailable(error)) throw error;
    const knownError =
      error instanceof AppError ? error : limit.aborted ? connectionError('test-timed-out') : undefined;
    if (!knownError) throw error;
    const { code, message, context } = knownError;
    const advice = whatToDo({ step, code, reason: String(context.reason ?? ''), method });
    return { ...result(), ok: false, code, message, whatToDo: advice, error: knownError };
  }
}

interface Fault {
  readonly step: ConnectionTestStep['step'];
  readonly code: ErrorCode;
  /** The server's own code, if it gave one. */
  readonly reason: string;
  readonly method: ConnectionAuth['method'];
}

/** The advice of "Troubleshooting" in the guide, by error code. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  'ehr-unavailable': 'The EHR reported an internal fault. See its status page, and test again later.',
  'ehr-throttled':
    'The rate limit is exceeded. Wait for the time in Retry-After, use bulk exports for large data sets, and check whether another program uses the same client id.',
  'daily-budget-used':
    'The daily requests of this client id are used up. Work continues automatically when the budget allows. If this happens often, ask the EHR for a higher limit.',
  'rate-paused': 'The EHR has asked for a pause. Test again later.',
  'smart-discovery-failed':
    'Verify the FHIR endpoint URL. It serves neither .well-known/smart-configuration nor a CapabilityStatement with OAuth URLs. If the URL is right, set `auth.tokenEndpoint` of the connection.',
  'capabilities-not-understood': 'Verify the FHIR endpoint URL. The server at this URL is not a FHIR server.',
  'endpoint-not-allowed':
    "If the EHR's OAuth host is right, add it to `oauthHosts` in the registry entry of the provider.",
  'egress-refused':
    'Verify the URL. If it is right, allow it in the registry entry of the provider (`fileHosts`, `ports`, `privateNetwork`).',
  'token-unavailable':
    'The token endpoint is down, limits requests (athenahealth: 50 new tokens a minute, 5 in preview), or is not a token endpoint. Wait a minute and test again. If the error persists, verify `auth.tokenEndpoint`.',
  'token-not-understood':
    'Verify `auth.tokenEndpoint`. The server at this URL is not a token endpoint, or it returns a login page.',
  'no-signing-key': 'Create a key with POST /api/ehr/signing-keys, and register /.well-known/jwks.json at the EHR.',
  'authorization-needed': 'Open the authorize URL of the connection in a browser again.',
  'ehr-unauthorized':
    'The EHR issued a new token and then refused it. Verify that the token endpoint belongs to this FHIR endpoint and environment, and that the scopes cover this read.',
  'ehr-forbidden':
    'The EHR accepts the token but does not allow this read. Have the practice grant the application access: at athenahealth, its administrator does this in athenaOne under Settings, Manage Certified API App Access. If it has, verify that the granted scopes cover the read, and that `practiceId` is one of its practices.',
  'ehr-not-found':
    'Verify the resource id, that the patient has access to it, that the EHR supports the type, and the FHIR endpoint URL.',
  'ehr-rejected':
    'The EHR requires other parameters. For athenahealth, set the `practiceId` of the connection. For another provider, see `search` in its registry entry.',
  'search-refused': 'Verify that the scopes cover the type, and that `practiceId` is right.',
  'search-not-understood':
    'Verify the FHIR endpoint URL. If it is right, the EHR responded to a search with a malformed page. Report it to the EHR’s support.',
  'test-timed-out':
    'Test again. If the error persists, other work uses up the request budget, or the EHR is too slow. See its status page.',
};

function whatToDo({ step, code, reason, method }: Fault): string {
  const refusal = code === 'token-refused' && method !== 'none' ? tokenRemedy({ reason, method }) : undefined;
  // A token endpoint can also fail with an answer, which has no code of Node.js.
  const isUnreachable = code === 'ehr-unreachable' || (code === 'token-unavailable' && /^[A-Z]/.test(reason));
  const remedy = refusal ?? (isUnreachable ? connectionRemedy(reason) : advice[code]);
  if (remedy !== undefined) return remedy;
  return step === 'token'
    ? 'Verify client id, secret or key, and scopes of the connection against the developer portal of the EHR.'
    : 'Look up the code in docs/errors.md. If the error persists, contact the EHR’s support.';
}
