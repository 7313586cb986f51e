import { randomUUID } from 'node:crypto';
import { type EhrSession, readCapabilities } from '@bulkhead/ehr-client';
import type { Connection, ConnectionTest, ConnectionTestStep } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { isStoreUnavailable } from '@bulkhead/store';
import { whatToDo } from './connection-test-advice.ts';
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
