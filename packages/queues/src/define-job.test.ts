import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { bindJob, defineJob, once } from './define-job.ts';

interface Repositories {
  readonly exports: string;
  readonly files: string;
  readonly connections: string;
}

interface Deps<Uses extends keyof Repositories> {
  readonly store: Pick<Repositories, Uses>;
  readonly pollIntervalMs: number;
}

const definition = {
  name: 'test.job',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'job',
  ...once,
  timeoutMs: 1,
} as const;
const context = { signal: AbortSignal.abort(), endSignal: AbortSignal.abort(), jobId: 'job', hasParent: false };
const whole = { ...context, retryAt: () => undefined, progress: () => undefined };
const deps = { store: { exports: 'E', files: 'F', connections: 'C' }, pollIntervalMs: 1 };

test('a job gets the repositories that it uses, and no others', async () => {
  const job = defineJob({
    ...definition,
    uses: ['exports', 'files'],
    run: async (given: Deps<'exports'>) => given,
    onFinalFailure: async (given: Deps<'files'>) => given,
  });
  const bound = bindJob(job, deps);
  const given = { store: { exports: 'E', files: 'F' }, pollIntervalMs: 1 };
  expect(await bound.run(whole)).toEqual(given);
  expect(await bound.onFinalFailure({ error: undefined })).toEqual(given);
});

test('a job that names other repositories than it gets does not compile', () => {
  const run = async (given: Deps<'exports' | 'files'>) => given;
  // @ts-expect-error -- `files` is missing
  defineJob({ ...definition, uses: ['exports'], run });
  // @ts-expect-error -- `run` does not get connections
  defineJob({ ...definition, uses: ['exports', 'files', 'connections'], run });
  const onFinalFailure = async (given: Deps<'connections'>) => given;
  // @ts-expect-error -- `onFinalFailure` gets connections
  defineJob({ ...definition, uses: ['exports', 'files'], run, onFinalFailure });
  expect(defineJob({ ...definition, uses: ['files', 'exports'], run }).uses).toHaveLength(2);
});

test('a job without a store uses none', async () => {
  const job = defineJob({ ...definition, uses: [], run: async (given: Pick<Deps<never>, 'pollIntervalMs'>) => given });
  expect(await bindJob(job, deps).run(whole)).toEqual({ store: {}, pollIntervalMs: 1 });
});
