import type { QueueFigures } from '@bulkhead/queues';
import { maxSilenceMs, type ProcessCount, type ProcessState } from '../processes/process-state.record.ts';
import { ageMs, counted, type Finding, inWords, ok } from './health-check.ts';
import type { ProcessSnapshot } from './health-snapshot.ts';

const correctPassword =
  'Correct the user and the password in REDIS_URL of all processes and restart them, or set the former password in Redis.';

/** What to do if Redis answers every command, or every write, with one of these codes. */
const actionsByRefusal: Readonly<Record<string, string>> = {
  OOM: 'Redis has no memory left. Raise its maxmemory, and keep maxmemory-policy noeviction.',
  READONLY: 'REDIS_URL leads to a replica. Make it lead to the primary, or promote the replica.',
  MISCONF: 'Redis cannot write to its disk. Free space on the disk, and read the log of Redis.',
  NOREPLICAS: 'Redis has fewer replicas than its min-replicas-to-write. Start them again, or lower the setting.',
  LOADING: 'Redis is reading its data from disk. Wait until it responds.',
  NOPERM:
    'Give the user in REDIS_URL the permissions for all commands and for all keys that begin with BULKHEAD_PREFIX.',
  NOAUTH: correctPassword,
  WRONGPASS: correctPassword,
};

export function checkRedis(redis: ProcessSnapshot['redis']): Finding {
  const { error } = redis ?? {};
  const refusalAction = error === undefined ? undefined : actionsByRefusal[error];
  if (refusalAction !== undefined) {
    const action = `${refusalAction} Jobs wait until then. Nothing is lost.`;
    return { severity: 'critical', reason: `Redis refuses commands (${error}).`, action };
  }
  if (!redis || error !== undefined) {
    const action =
      'Check that Redis is running, and REDIS_URL of the API. Jobs wait until it responds. Nothing is lost.';
    const reason = error === undefined ? 'Redis does not respond.' : `Redis does not respond (${error}).`;
    return { severity: 'critical', reason, action };
  }
  if (redis.faults.length === 0) return ok('Redis responds, evicts no keys and persists its queues.');
  return { severity: 'warning', reason: redis.faults.join(' '), action: 'Change these settings of Redis.' };
}

/** If clocks differ more, tokens and retries are timed wrongly. NTP keeps clocks within a few milliseconds. */
export const maxSkewMs = 2000;

export function checkMongodb(mongodb: ProcessSnapshot['mongodb']): Finding {
  if (!mongodb) {
    const action = 'Check that MongoDB is running, and MONGODB_URI of the API. Work continues when it responds.';
    return { severity: 'critical', reason: 'MongoDB does not respond.', action };
  }
  const { version, skewMs } = mongodb;
  const reason = `MongoDB ${version} responds. Its clock differs by ${Math.round(skewMs)} ms from the clock of the API.`;
  if (skewMs <= maxSkewMs) return ok(reason);
  return { severity: 'warning', reason, action: 'Synchronize the clocks of both machines with NTP.' };
}

export function checkNetwork({ exposed }: ProcessSnapshot['configuration']): Finding {
  if (exposed.length === 0) return ok('Redis and MongoDB are on this host, or use TLS and a password.');
  return {
    severity: 'warning',
    reason: exposed.join(' '),
    action: 'Use TLS and a password, unless another layer of the network encrypts and restricts these connections.',
  };
}

/** A process without its key does not start, so this only shows where the key comes from. */
export function checkEncryptionKey({ encryptionKeySource }: ProcessSnapshot['configuration']): Finding {
  return ok(`The encryption key comes from: ${encryptionKeySource}.`);
}

export function checkWorkers(queues: readonly QueueFigures[]): Finding {
  const idle = queues.filter(({ workers, isPaused }) => workers === 0 || isPaused);
  if (idle.length === 0) return ok('Every queue has a worker.');
  return {
    severity: 'critical',
    reason: `No worker serves ${counted(idle.length, 'queue')}. Their jobs wait.`,
    action:
      'Start a worker, or add the queues to the WORKER_QUEUES of a running worker. Resume a paused queue in Bull Board.',
    subjects: idle.map(({ queue, isPaused }) => {
      return { kind: 'queue', id: queue, reason: isPaused ? 'paused in Bull Board' : 'no worker' };
    }),
  };
}

/** A sweep runs every minute and is aborted after five. Two aborted sweeps in a row need attention. */
export const maxSweepAgeMs = 10 * 60_000;

/** The sweep recreates jobs that were lost. Without it nothing seems wrong until a job is lost. */
export function checkSweep(
  { isScheduled, processes }: { readonly isScheduled: boolean; readonly processes: readonly ProcessState[] },
  now: Date,
): Finding {
  const workers = processes.filter(({ kind }) => kind === 'worker');
  const sweeps = workers.flatMap(({ sweptAt }) => sweptAt ?? []);
  // Before the first sweep, its age counts from the start of the first worker.
  const lastAt = sweeps.toSorted(byTime).at(-1) ?? workers.map(({ startedAt }) => startedAt).toSorted(byTime)[0];
  const action = 'Start a worker that serves the queue maintenance. If one runs, look for "sweep" in its log.';
  if (!isScheduled || lastAt === undefined) {
    const reason = 'The sweep is not scheduled, so records without a job get no new one.';
    return { severity: 'critical', reason, action };
  }
  const age = ageMs(lastAt, now);
  if (age <= maxSweepAgeMs) return ok('The sweep runs every minute.');
  const reason = `The last sweep ended ${inWords(age)} ago, so records without a job get no new one.`;
  return { severity: 'critical', reason, action };
}

export function checkProcesses(processes: readonly ProcessState[], now: Date): Finding {
  const running = processes.filter(({ isStopped }) => !isStopped);
  const subjects = running.flatMap((process) => {
    const silenceMs = ageMs(process.reportedAt, now);
    if (silenceMs > maxSilenceMs) return [toSubject(process, `has not reported for ${inWords(silenceMs)}`)];
    return process.down.length > 0 ? [toSubject(process, whyNotReady(process.down))] : [];
  });
  if (subjects.length === 0) return ok('Every process is ready.');
  return {
    severity: 'warning',
    reason: `${subjects.length} of ${running.length} processes are not ready, or have ended without a stop.`,
    action:
      'Read the last lines of their logs, and restart a worker whose jobs make no progress. A process that has crashed is listed for an hour.',
    subjects,
  };
}

/** @param down the checks of the process that have failed */
function whyNotReady(down: readonly string[]): string {
  const servers = down.filter((name) => name !== 'jobs');
  const reasons = [
    ...(servers.length > 0 ? [`gets no response from ${servers.join(' and ')}`] : []),
    ...(down.includes('jobs') ? ['has jobs that make no progress'] : []),
  ];
  return reasons.join(', and ');
}

export function checkEventLoop(processes: readonly ProcessState[]): Finding {
  const stalled = processes.filter((process) => sumOf([process], 'stalls') > 0);
  if (stalled.length === 0) return ok('No process was blocked in the last 15 minutes.');
  return {
    severity: 'warning',
    reason: `${counted(stalled.length, 'process')} ran nothing for more than 5 seconds, in the last 15 minutes.`,
    action: 'Look for "event loop stalled" in the log. Check that the machine has CPU time left and does not swap.',
    subjects: stalled.map((process) => toSubject(process, `blocked ${counted(sumOf([process], 'stalls'), 'time')}`)),
  };
}

/** One of twenty requests. Clients repeat single failures. */
const maxFailedRatio = 0.05;
/** Fewer failures are no trend, however few requests there are. */
export const minFailedRequests = 5;

export function checkApiErrors(processes: readonly ProcessState[]): Finding {
  const [all, failed] = [sumOf(processes, 'requests'), sumOf(processes, 'failed-requests')];
  const reason = `${failed.toLocaleString('en-US')} of ${counted(all, 'request')} to the API ended with a server error in the last 15 minutes.`;
  if (failed < minFailedRequests || failed <= maxFailedRatio * all) return ok(reason);
  const action =
    'Look for "request failed" in the log of the API. 502 and 503 mean that the EHR, Redis or MongoDB has a problem.';
  return { severity: 'warning', reason, action };
}

export function checkAuditStream(processes: readonly ProcessState[]): Finding {
  const dropped = sumOf(processes, 'dropped-audit-lines');
  if (dropped === 0) return ok('No audit event was dropped in the last 15 minutes.');
  return {
    severity: 'warning',
    reason: `Audit events that were not sent off the host in the last 15 minutes: ${dropped}. The database has them all.`,
    action: 'Fix the receiver that is set in BULKHEAD_AUDIT_STREAM, or the network to it.',
  };
}

/** Adds up a count of all processes. */
export function sumOf(processes: readonly ProcessState[], name: ProcessCount, provider?: string): number {
  return processes
    .flatMap(({ counts }) => counts)
    .filter((count) => count.name === name && (provider === undefined || count.provider === provider))
    .reduce((sum, { count }) => sum + count, 0);
}

function toSubject({ kind, host, pid }: ProcessState, reason: string) {
  return { kind: 'process' as const, id: `${kind} ${host}:${pid}`, reason };
}

function byTime(left: Date, right: Date): number {
  return left.getTime() - right.getTime();
}
