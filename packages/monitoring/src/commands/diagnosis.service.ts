import type { Producer } from '@bulkhead/queues';
import type { MonitoringStore } from '../store.ts';

/** One thing that was looked at. */
export interface DiagnosisCheck {
  readonly name: string;
  /** `warning`: it works, and should not stay so. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly found: string;
  readonly whatToDo?: string;
}

/** Further apart, tokens and retries are judged wrongly somewhere; NTP keeps clocks within some milliseconds. */
const maxSkewMs = 2000;

export type DiagnosisService = ReturnType<typeof createDiagnosisService>;

/** Whether what a deployment stands on is as it should be, and what to do where it is not. */
export function createDiagnosisService(deps: Deps) {
  return {
    async run(): Promise<readonly DiagnosisCheck[]> {
      const checks = [
        redisCheck,
        mongodbCheck,
        networkCheck,
        encryptionKeyCheck,
        workersCheck,
        sweepCheck,
        connectionsCheck,
      ];
      const found = await Promise.all(checks.map((check) => check(deps)));
      return found.flat();
    },
  };
}

interface Deps {
  readonly store: MonitoringStore;
  readonly producer: Producer;
  /** What is wrong with Redis as the home of queues. */
  readonly checkRedis: () => Promise<readonly string[]>;
  /** From `exposedConnections`. */
  readonly exposed: readonly string[];
  /** From `unwrapKeys`. */
  readonly encryptionKeySource: string;
}

async function redisCheck({ producer, checkRedis }: Deps): Promise<DiagnosisCheck> {
  const name = 'redis';
  try {
    await producer.ping();
    const faults = await checkRedis();
    if (faults.length === 0) return { name, state: 'ok', found: 'it answers, evicts nothing and keeps its queues' };
    return {
      name,
      state: 'warning',
      found: faults.join(' '),
      whatToDo: 'Change the settings of Redis that are named.',
    };
  } catch {
    // Why is in the log of the connection.
    return { name, state: 'failed', found: 'it does not answer', whatToDo: 'Verify REDIS_URL, and that Redis runs.' };
  }
}

async function mongodbCheck({ store }: Deps): Promise<DiagnosisCheck> {
  const name = 'mongodb';
  try {
    const sentAt = Date.now();
    const { version, now } = await store.server();
    const skewMs = Math.abs(now.getTime() - (sentAt + Date.now()) / 2);
    const found = `version ${version}, its clock ${Math.round(skewMs)} ms from ours`;
    if (skewMs <= maxSkewMs) return { name, state: 'ok', found };
    return { name, state: 'warning', found, whatToDo: 'Let NTP set the clocks of both machines.' };
  } catch {
    return {
      name,
      state: 'failed',
      found: 'it does not answer',
      whatToDo: 'Verify MONGODB_URI, and that MongoDB runs.',
    };
  }
}

async function networkCheck({ exposed }: Deps): Promise<DiagnosisCheck> {
  const name = 'network';
  if (exposed.length === 0)
    return { name, state: 'ok', found: 'Redis and MongoDB are on this host, or reached by TLS with a password' };
  return {
    name,
    state: 'warning',
    found: exposed.join(' '),
    whatToDo: 'Do so, unless another layer of the network encrypts and restricts these connections.',
  };
}

/** A process without its key does not start, so there is nothing to find but where the key comes from. */
async function encryptionKeyCheck({ encryptionKeySource }: Deps): Promise<DiagnosisCheck> {
  return { name: 'encryption key', state: 'ok', found: encryptionKeySource };
}

async function workersCheck({ producer }: Deps): Promise<DiagnosisCheck> {
  const name = 'workers';
  const counts = await producer.countWorkers().catch(() => undefined);
  if (!counts) return { name, state: 'failed', found: 'not known while Redis is away' };
  const idle = Object.entries(counts).filter(([, count]) => count === 0);
  if (idle.length === 0)
    return {
      name,
      state: 'ok',
      found: Object.entries(counts)
        .map(([queue, count]) => `${queue}: ${count}`)
        .join(', '),
    };
  return {
    name,
    state: 'failed',
    found: `nobody serves ${idle.map(([queue]) => queue).join(', ')}`,
    whatToDo: 'Start a worker, or add the queues to its WORKER_QUEUES.',
  };
}

async function sweepCheck({ producer }: Deps): Promise<DiagnosisCheck> {
  const name = 'sweep';
  const isScheduled = await producer.isScheduled('maintenance.sweep', {}).catch(() => undefined);
  if (isScheduled) return { name, state: 'ok', found: 'it is scheduled' };
  if (isScheduled === undefined) return { name, state: 'failed', found: 'not known while Redis is away' };
  return {
    name,
    state: 'failed',
    found: 'it is not scheduled, so what loses its job is not found',
    whatToDo: 'Start a worker: each of them schedules it.',
  };
}

/** Of the connections it says what their last tests came to; a test costs a token, so none is made here. */
async function connectionsCheck({ store }: Deps): Promise<DiagnosisCheck[]> {
  const connections = await store.connections.list().catch(() => undefined);
  if (!connections) return [{ name: 'connections', state: 'failed', found: 'not known while MongoDB is away' }];
  return connections.map(({ id, needsAuthorization, lastTest }): DiagnosisCheck => {
    const name = `connection ${id}`;
    if (needsAuthorization) {
      const whatToDo = `Open GET /api/ehr/{provider}/authorize?connectionId=${id} in a browser.`;
      return { name, state: 'failed', found: 'its user has to authorize it', whatToDo };
    }
    if (!lastTest)
      return { name, state: 'warning', found: 'it was never tested', whatToDo: `POST /api/ehr/connections/${id}/test` };
    const failed = lastTest.steps.find(({ ok }) => !ok);
    const at = lastTest.endedAt.toISOString();
    if (!failed) return { name, state: 'ok', found: `tested at ${at}` };
    const found = `${failed.step} failed at ${at}: ${failed.message ?? failed.code}`;
    return { name, state: 'failed', found, ...(failed.whatToDo === undefined ? {} : { whatToDo: failed.whatToDo }) };
  });
}
