import { randomUUID } from 'node:crypto';
import { type EhrSession, readCapabilities, tokenRemedy } from '@bulkhead/ehr-client';
import type { Connection, ConnectionAuth, ConnectionTest, ConnectionTestStep } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { isStoreUnavailable } from '@bulkhead/store';
import type { ConnectionDeps } from './deps.ts';
import { readForTest } from './read-for-test.ts';

type Step = ConnectionTestStep['step'];
type Run = (signal: AbortSignal, onTry: (tried: string) => void) => Promise<unknown>;

/** A step is one or two requests and perhaps a wait for the token endpoint's minute. */
const stepTimeoutMs = 75_000;

/** The job `connection.test`: stores what the test shows. */
export async function testConnectionAndSave(
  deps: ConnectionDeps,
  { connectionId: id, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<void> {
  const connection = await deps.store.connections.find(id);
  if (connection)
    await deps.store.connections.saveTest({ id, test: await testConnection(deps, { connection, signal }) });
}

/**
 * Whether a connection works, asked of the EHR itself: where it gives tokens out, a new token, and a request with it, since a
 * token can be issued and every request still be refused.
 */
async function testConnection(
  { ehr, now }: Pick<ConnectionDeps, 'ehr' | 'now'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<ConnectionTest> {
  const session = ehr.session(connection);
  const steps: ConnectionTestStep[] = [];
  for (const [step, run] of stepsOf({ session, connection, now })) {
    const result = await take({ step, run, signal, method: connection.auth.method });
    steps.push(result);
    if (!result.ok) break;
  }
  return { id: randomUUID(), endedAt: now(), ok: steps.every(({ ok }) => ok), steps };
}

function stepsOf(options: { readonly session: EhrSession; readonly connection: Connection; readonly now: () => Date }) {
  const { session, connection, now } = options;
  const { auth } = connection;
  // Nothing to be discovered: then at least the FHIR endpoint has to be one.
  const isTold = auth.method === 'none' || auth.tokenEndpoint !== undefined;
  const steps: [Step, Run][] = [
    ['discovery', (signal) => (isTold ? readCapabilities({ session, now: now(), signal }) : session.discover(signal))],
  ];
  if (auth.method !== 'none') steps.push(['token', (signal) => session.replaceToken(signal)]);
  steps.push(['read', (signal, onTry) => readForTest({ session, now: now(), signal, onTry })]);
  return steps;
}

async function take(options: {
  readonly step: Step;
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly method: Connection['auth']['method'];
}): Promise<ConnectionTestStep> {
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
    // Of the worker or the database, not of the connection: the job is handed over or fails.
    if (signal.aborted || isStoreUnavailable(error)) throw error;
    const known = error instanceof AppError ? error : limit.aborted ? timedOut() : undefined;
    if (!known) throw error;
    const { code, message, context } = known;
    const advice = whatToDo({ step, code, reason: String(context.reason ?? ''), method });
    return { ...result(), ok: false, code, message, whatToDo: advice };
  }
}

function timedOut(): AppError {
  return new AppError({
    code: 'test-timed-out',
    message: 'The EHR, or the wait for its request budget, took longer than 75 seconds.',
    retry: 'later',
  });
}

interface Fault {
  readonly step: ConnectionTestStep['step'];
  readonly code: string;
  /** The server's own code, if it gave one. */
  readonly reason: string;
  readonly method: ConnectionAuth['method'];
}

/** The guide's "Troubleshooting", by what a connection test met. */
const advice: Readonly<Record<string, string>> = {
  'ehr-unreachable':
    'Verify the FHIR endpoint URL, DNS and the firewall between the workers and the EHR. If others reach it, see the status page of the EHR.',
  'ehr-unavailable': 'The EHR has a fault of its own: see its status page, and test again later.',
  'ehr-throttled':
    'Rate limit exceeded: wait for what Retry-After says, use bulk exports for large sets, and see whether another program uses the same client id.',
  'daily-budget-used':
    'The daily requests of this client id are used up. The work goes on by itself; ask the EHR for more if it lasts.',
  'rate-paused': 'The EHR has asked everybody to wait. Test again later.',
  'smart-discovery-failed':
    'Verify the FHIR endpoint URL: it answers neither .well-known/smart-configuration nor a CapabilityStatement with OAuth addresses. If it is right, give the connection a tokenEndpoint.',
  'capabilities-not-understood': 'Verify the FHIR endpoint URL: what answers there is no FHIR server.',
  'endpoint-not-allowed': "If the EHR's OAuth host is right, add it to `hosts` in the registry entry of the provider.",
  'egress-refused':
    'Verify the address. If it is right, allow it in the registry entry of the provider (`hosts`, `privateNetwork`).',
  'token-unavailable':
    'The token endpoint is down, throttles (athenahealth: 50 new tokens a minute, 5 in preview) or is no token endpoint: wait a minute, test again, then verify `auth.tokenEndpoint`.',
  'token-not-understood':
    'Verify `auth.tokenEndpoint`: what answers there is not a token endpoint, or a log-in page stands before it.',
  'no-signing-key':
    'An operator makes a key by POST /api/ehr/signing-keys and registers /.well-known/jwks.json at the EHR.',
  'authorization-needed': 'Open the authorize address of the connection in a browser once more.',
  'ehr-unauthorized':
    'A new token was issued and refused at once. Verify that the token endpoint belongs to this FHIR endpoint and environment, and that the scopes cover what is read.',
  'ehr-forbidden':
    'The token is good, the read is not allowed. Verify that the granted scopes cover it, that the practice has enabled the application, and that `practiceId` is one of its practices.',
  'ehr-not-found':
    'Verify the resource id, that the patient has access to it, that the EHR supports the type, and the FHIR endpoint URL.',
  'ehr-rejected':
    'The EHR wants other parameters. For athenahealth the connection needs its `practiceId`; for another provider see `search` in its registry entry.',
  'search-refused': 'Verify that the scopes cover the type, and that `practiceId` is right.',
  'search-not-understood':
    'Verify the FHIR endpoint URL. If it is right, the EHR answers a search with a malformed page: report it to its support.',
  'test-timed-out':
    'Test again. If it lasts, the request budget is used up by other work, or the EHR is too slow: see its status page.',
};

function whatToDo({ step, code, reason, method }: Fault): string {
  const refusal = code === 'token-refused' && method !== 'none' ? tokenRemedy({ reason, method }) : undefined;
  const known = refusal ?? advice[code];
  if (known !== undefined) return known;
  return step === 'token'
    ? 'Verify client id, secret or key, and scopes of the connection against the developer portal of the EHR.'
    : 'Look the code up in docs/errors.md, and ask the support of the EHR if it lasts.';
}
