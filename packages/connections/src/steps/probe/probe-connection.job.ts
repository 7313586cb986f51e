import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, toKnownError } from '@bulkhead/base';
import { readCapabilities } from '@bulkhead/ehr';
import { type Capabilities, factNames, recordTypes } from '@bulkhead/ehr/providers';
import { isUncovered } from '@bulkhead/fhir';
import { type FailedJob, work } from '@bulkhead/queues';
import type { Connection } from '../../connection.record.ts';
import { probeJob } from '../../jobs.ts';
import type { Probe, ProbePhase } from '../../probe/probe.record.ts';
import type { ConnectionDeps, ProbeDeps } from '../deps.ts';
import { createKickOffs, removeExport } from './kick-offs.ts';
import { limitSession, ProbeStop, tokenRequests } from './limited-session.ts';
import { measureExports } from './measure-exports.ts';
import { measureGroups, measureLimits, measurePages, measurePractice, measureScopes } from './measure-reads.ts';
import { FactSheet, type ProbeWork } from './probe-work.ts';

/** Measures what the EHR of a connection does, within the limits of the probe's record. */
export const probeWork = work(probeJob, { run: probeConnection, onFinalFailure: giveUp });

async function probeConnection(
  deps: ProbeDeps<'connections' | 'probes'>,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { store, now } = deps;
  const probe = await store.probes.find(connectionId);
  if (!probe || probe.endedAt) return;
  const connection = await store.connections.findWithSecrets(connectionId);
  if (!connection) return store.probes.end(probe, { phase: 'cancelled', now: now() });
  const isFirst = !probe.isCancelled && (await store.probes.begin(probe));
  await deleteExports(deps, { connection, signal });
  if (!isFirst) {
    const phase = probe.isCancelled ? 'cancelled' : 'interrupted';
    return store.probes.end(probe, { phase, now: now() });
  }
  const sheet = new FactSheet();
  const result = await measure(deps, { probe, connection, sheet, signal });
  await store.probes.saveFacts(probe, sheet.facts);
  await deleteExports(deps, { connection, signal });
  await store.probes.end(probe, { ...result, now: now() });
}

/** Deletes the exports of a probe that the EHR still has. @throws if the EHR does not confirm it */
export async function deleteExports(
  { store, ehr }: Pick<ConnectionDeps<'probes'>, 'store' | 'ehr'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<void> {
  const { openExports = [] } = (await store.probes.find(connection.id)) ?? {};
  for (const statusUrl of openExports) {
    await removeExport({ session: ehr.session(connection), statusUrl, signal });
    await store.probes.removeExport(connection.id, statusUrl);
  }
}

async function giveUp(
  { store, now }: ProbeDeps<'probes'>,
  { connectionId, error }: FailedJob<{ readonly connectionId: string }>,
) {
  const probe = await store.probes.find(connectionId);
  if (probe) await store.probes.end(probe, { phase: 'failed', error: toProbeError(error), now: now() });
}

function toProbeError(error: unknown): NonNullable<Probe['error']> {
  const { code, message } = toKnownError(error);
  return { code, message };
}

interface ProbeResult {
  readonly phase: ProbePhase;
  readonly error?: NonNullable<Probe['error']>;
}

/** Measures until everything is measured, a limit is reached or the EHR does not answer. @throws if the process stops */
async function measure(
  deps: ProbeDeps<'probes'>,
  options: {
    readonly probe: Probe;
    readonly connection: Connection;
    readonly sheet: FactSheet;
    readonly signal: AbortSignal;
  },
): Promise<ProbeResult> {
  const { probe, connection, sheet, signal } = options;
  const { store, ehr } = deps;
  const session = ehr.session(connection);
  const limited = limitSession({ session, probe, store, signal });
  let cutOff: string | undefined;
  const { wait = (ms: number) => sleep(ms, undefined, { signal }) } = deps.probe;
  try {
    await limited.check(tokenRequests);
    limited.note(tokenRequests);
    const scope = connection.auth.method === 'none' ? undefined : await session.readGrantedScope(signal);
    const capabilities = await readDeclared(deps, limited.session, signal);
    const storedTypes = await deps.probe.storedTypes(connection.id);
    const isUsable = (resourceType: string) => resourceType !== 'Patient' && !isUncovered({ scope, resourceType });
    const work: ProbeWork = {
      deps,
      probe,
      connection,
      capabilities,
      session,
      limited,
      kickOffs: createKickOffs({ limited, probe, deps, signal, wait }),
      sheet,
      patientIds: await deps.probe.findPatients(connection.id),
      storedTypes,
      secondType: ['Practitioner', ...recordTypes(capabilities)].find(
        (type) => isUsable(type) && recordTypes(capabilities).includes(type),
      ),
      statusRequests: 0,
      signal,
      wait,
    };
    measureScopes(work, scope);
    await measurePractice(work);
    await measureGroups(work);
    await measurePages(work);
    await measureExports(work);
    return { phase: 'completed' };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProbeStop) {
      cutOff = error.reason === 'limit' ? 'the probe had reached its limit' : 'the probe was cancelled';
      return { phase: error.reason === 'cancelled' ? 'cancelled' : 'completed' };
    }
    if (!(error instanceof AppError)) throw error;
    cutOff = `the probe had failed (${error.code})`;
    return { phase: 'failed', error: toProbeError(error) };
  } finally {
    measureLimits({ sheet }, limited.heads);
    if (cutOff)
      sheet.fill(
        factNames.filter((name) => name !== 'kickOffPostponed'),
        `${cutOff} before`,
      );
    await limited.flush();
  }
}

/** A statement is only a hint, so a server without one is measured too. */
async function readDeclared(
  { now }: Pick<ProbeDeps<'probes'>, 'now'>,
  session: Parameters<typeof readCapabilities>[0]['session'],
  signal: AbortSignal,
): Promise<Capabilities | undefined> {
  try {
    return await readCapabilities({ session, now: now(), signal });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return undefined;
  }
}
