import { retainJob } from '@bulkhead/erasure/jobs';
import { sweepJob } from '@bulkhead/monitoring/jobs';
import { type JobDefinition, Producer } from '@bulkhead/queues';
import type { Redis } from 'ioredis';
import { createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

/** Something that people, programs or the clock do again and again. */
export interface Act {
  readonly name: string;
  /** The process that works for it. */
  readonly by: 'api' | 'worker';
  readonly run: () => Promise<unknown>;
  /** It cannot be done twice. */
  readonly isOnce?: boolean;
}

/** What people, and programs that watch, ask again and again. */
const looks: Readonly<Record<string, string>> = {
  'health report': '/api/ehr/health-report',
  metrics: '/metrics',
  'history of a day': '/api/ehr/history?days=1',
  'page of connections': '/api/ehr/connections?limit=100',
  'connections that are behind': '/api/ehr/connections?problem=lag',
  'page of exports': '/api/ehr/athenahealth/bulk-export?limit=100',
  'running exports': '/api/ehr/athenahealth/bulk-export?status=IN_PROGRESS',
  'page of schedules': '/api/ehr/schedules?limit=100',
  budgets: '/api/ehr/rate-budgets',
  plan: '/api/ehr/plan',
};

/** @param options.syncId a running sync, which the last act cancels */
export function createActs(options: {
  readonly system: TestSystem;
  readonly redis: Redis;
  readonly syncId: string;
  /** A code of stored Observations, as `system|code`. */
  readonly code: string;
}): readonly Act[] {
  const { system, redis, syncId, code } = options;
  const { baseUrl, apiKey, connectionId, prefix } = system;
  const api = createApiClient({ baseUrl, apiKey });
  const look = async (path: string) => {
    const response = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${apiKey}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  };
  const search = (query: string) =>
    look(`/api/ehr/athenahealth/resources/Observation?connectionId=${connectionId}&_count=20&${query}`);
  const sync = `/api/ehr/athenahealth/sync-runs/${syncId}`;
  const auth = { method: 'client_credentials' };
  const create = () =>
    api('POST', '/api/ehr/connections', { provider: 'athenahealth', practiceId: nextPracticeId(), auth });
  const runs = (job: JobDefinition<Record<string, never>>) => runJob({ redis, prefix, job });
  return [
    ...Object.entries(looks).map(([name, path]) => ({ name, by: 'api' as const, run: () => look(path) })),
    { name: 'look at a running sync', by: 'api', run: () => look(sync) },
    { name: 'search by code', by: 'api', run: () => search(`code=${encodeURIComponent(code)}`) },
    { name: 'search by time', by: 'api', run: () => search('_lastUpdated=gt2000-01-01') },
    { name: 'amounts of a connection', by: 'api', run: () => look(`/api/ehr/connections/${connectionId}/data`) },
    { name: 'create a connection', by: 'api', run: create },
    { name: 'cancel a sync', by: 'api', run: () => api('DELETE', sync), isOnce: true },
    { name: 'sweep', by: 'worker', run: () => runs(sweepJob) },
    { name: 'retention', by: 'worker', run: () => runs(retainJob) },
  ];
}

/** Above those of the copies. */
let practiceId = 300_000;
const nextPracticeId = () => String(practiceId++);

/** Lets a worker run a job, and waits until it has ended. */
export async function runJob(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly job: JobDefinition<Record<string, never>>;
}): Promise<void> {
  const { redis, prefix, job } = options;
  const producer = new Producer({ redis, prefix, onError: (error) => console.error(error) });
  try {
    await producer.enqueueAgain(job, {});
    const queue = producer.queues.find(({ name }) => name === job.queue);
    const isDone = async () => (await (await queue?.getJob(job.jobId({})))?.getState()) === 'completed' || undefined;
    if (!(await pollUntil(isDone, { timeoutMs: 120_000 }))) throw new Error(`${job.name} did not end`);
  } finally {
    await producer.close();
  }
}
