import type { Producer } from '@bulkhead/queues';
import type { MonitoringStore } from '../store.ts';

/** The result of one check. */
export interface DiagnosisCheck {
  readonly name: string;
  /** `warning` means that it works, but should be changed. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly found: string;
  readonly whatToDo?: string;
}

/** If clocks differ more, tokens and retries are timed wrongly. NTP keeps clocks within a few milliseconds. */
const maxSkewMs = 2000;

export type DiagnosisService = ReturnType<typeof createDiagnosisService>;

/** Checks the services and settings that a deployment depends on, and says what to do about each fault. */
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
      const results = await Promise.all(checks.map((check) => check(deps)));
      return results.flat();
    },
  };
}

interface Deps {
  readonly store: MonitoringStore;
  readonly producer: Producer;
  /** Returns the faults of the settings of Redis as a store of queues. */
  readonly checkRedis: () => Promise<readonly string[]>;
  /** The result of `exposedConnections`. */
  readonly exposed: readonly string[];
  /** The result of `unwrapKeys`. */
  readonly encryptionKeySource: string;
}

async function redisCheck({ producer, checkRedis }: Deps): Promise<DiagnosisCheck> {
  const name = 'redis';
  try {
    await producer.ping();
    const faults = await checkRedis();
    if (faults.length === 0) return { name, state: 'ok', found: 'it responds, evicts no keys and persists its queues' };
    return {
      name,
      state: 'warning',
      found: faults.join(' '),
      whatToDo: 'Change the settings of Redis that this check names.',
    };
  } catch {
    // The connection has logged the reason.
    return {
      name,
      state: 'failed',
      found: 'it does not respond',
      whatToDo: 'Check REDIS_URL, and that Redis is running.',
    };
  }
}

async function mongodbCheck({ store }: Deps): Promise<DiagnosisCheck> {
  const name = 'mongodb';
  try {
    const sentAt = Date.now();
    const { version, now } = await store.server();
    const skewMs = Math.abs(now.getTime() - (sentAt + Date.now()) / 2);
    const found = `version ${version}, its clock differs by ${Math.round(skewMs)} ms from the clock of this process`;
    if (skewMs <= maxSkewMs) return { name, state: 'ok', found };
    return { name, state: 'warning', found, whatToDo: 'Synchronize the clocks of both machines with NTP.' };
  } catch {
    return {
      name,
      state: 'failed',
      found: 'it does not respond',
      whatToDo: 'Check MONGODB_URI, and that MongoDB is running.',
    };
  }
}

async function networkCheck({ exposed }: Deps): Promise<DiagnosisCheck> {
  const name = 'network';
  if (exposed.length === 0)
    return { name, state: 'ok', found: 'Redis and MongoDB are on this host, or use TLS and a password' };
  return {
    name,
    state: 'warning',
    found: exposed.join(' '),
    whatToDo: 'Use TLS and a password, unless another layer of the network encrypts and restricts these connections.',
  };
}

/** A process without its key does not start, so this check only reports where the key comes from. */
async function encryptionKeyCheck({ encryptionKeySource }: Deps): Promise<DiagnosisCheck> {
  return { name: 'encryption key', state: 'ok', found: encryptionKeySource };
}

async function workersCheck({ producer }: Deps): Promise<DiagnosisCheck> {
  const name = 'workers';
  const counts = await producer.countWorkers().catch(() => undefined);
  if (!counts) return { name, state: 'failed', found: 'unknown, because Redis is unavailable' };
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
    found: `no worker serves ${idle.map(([queue]) => queue).join(', ')}`,
    whatToDo: 'Start a worker, or add the queues to the WORKER_QUEUES of a running worker.',
  };
}

async function sweepCheck({ producer }: Deps): Promise<DiagnosisCheck> {
  const name = 'sweep';
  const isScheduled = await producer.isScheduled('maintenance.sweep', {}).catch(() => undefined);
  if (isScheduled) return { name, state: 'ok', found: 'it is scheduled' };
  if (isScheduled === undefined) return { name, state: 'failed', found: 'unknown, because Redis is unavailable' };
  return {
    name,
    state: 'failed',
    found: 'it is not scheduled, so records without a job are not repaired',
    whatToDo: 'Start a worker. Every worker schedules the sweep.',
  };
}

/** Reports the last test of each connection. It runs no test, because a test costs a token. */
async function connectionsCheck({ store }: Deps): Promise<DiagnosisCheck[]> {
  const connections = await store.connections.list().catch(() => undefined);
  if (!connections) return [{ name: 'connections', state: 'failed', found: 'unknown, because MongoDB is unavailable' }];
  return connections.map(({ id, needsAuthorization, lastTest }): DiagnosisCheck => {
    const name = `connection ${id}`;
    if (needsAuthorization) {
      const whatToDo = `Open GET /api/ehr/{provider}/authorize?connectionId=${id} in a browser.`;
      return { name, state: 'failed', found: 'its user must authorize it', whatToDo };
    }
    if (!lastTest)
      return {
        name,
        state: 'warning',
        found: 'it was never tested',
        whatToDo: `Test it with POST /api/ehr/connections/${id}/test.`,
      };
    const failed = lastTest.steps.find(({ ok }) => !ok);
    const at = lastTest.endedAt.toISOString();
    if (!failed) return { name, state: 'ok', found: `tested at ${at}` };
    const found = `${failed.step} failed at ${at}: ${failed.message ?? failed.code}`;
    return { name, state: 'failed', found, ...(failed.whatToDo === undefined ? {} : { whatToDo: failed.whatToDo }) };
  });
}
