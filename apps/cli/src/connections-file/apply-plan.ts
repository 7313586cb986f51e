import { ApiError, answerOf, type components } from '@bulkhead/client';
import type { Context } from '../context.ts';
import { inParallel } from '../in-parallel.ts';
import { testConnection } from '../test-connection.ts';
import { type EntryPlan, type FilePlan, planEntries } from './plan-file.ts';

/** A connection that was not changed, or does not work. */
export interface Failure {
  readonly name: string;
  /** What failed: `apply`, or the step of the test. */
  readonly step: string;
  readonly code: string;
  readonly message: string;
}

interface Applied {
  readonly id: string;
  readonly name: string;
  readonly changes: readonly string[];
}

/** Each waits for the database a few times. More would not be faster. */
const parallelApplies = 8;
/**
 * A test requests a token. Four wait 48 s where an EHR grants five in a minute, as athenahealth does in preview, and a test that waits for
 * more than 75 s fails.
 */
const parallelTests = 4;

/** Makes the changes of a plan. Another apply that runs at the same time may have made them, which is as good. */
export async function applyPlan(api: Context['api'], { entries }: FilePlan) {
  const failures: Failure[] = [];
  const applied = await inParallel(
    entries.filter(({ plan }) => plan.changes.length > 0),
    {
      limit: parallelApplies,
      async run(planned): Promise<Applied[]> {
        try {
          return [await applyEntry(api, planned)];
        } catch (error) {
          // The API is unavailable or overloaded, or the key lost its rights: none of the others would succeed.
          if (!(error instanceof ApiError) || ![400, 404, 409, 422].includes(error.status)) throw error;
          const details = Array.isArray(error.details)
            ? error.details.map((fault) => `${fault.path} ${fault.message}`)
            : [];
          const message = details.join(', ') || error.message;
          failures.push({ name: planned.entry.name, step: 'apply', code: error.code, message });
          return [];
        }
      },
    },
  );
  return { applied: applied.flat(), failures };
}

async function applyEntry(api: Context['api'], { entry, plan }: EntryPlan): Promise<Applied> {
  const { name } = entry;
  const body = { connection: entry as unknown as components['schemas']['DesiredConnection'], version: plan.version };
  const result = await api.POST('/api/ehr/connections/apply', { body });
  if (result.response.status === 409) {
    const [again] = await planEntries(api, [entry]);
    const { id, changes, faults } = again?.plan ?? {};
    if (id !== undefined && changes?.length === 0 && faults?.length === 0) return { id, name, changes: [] };
  }
  const { data } = answerOf(result);
  return { name, ...data };
}

/** Tests connections. @returns those that do not work */
export async function testConnections(
  api: Context['api'],
  options: {
    readonly connections: readonly Pick<Applied, 'id' | 'name'>[];
    readonly onTested: (count: number) => void;
  },
): Promise<Failure[]> {
  let count = 0;
  const failures = await inParallel(options.connections, {
    limit: parallelTests,
    async run({ id, name }): Promise<Failure[]> {
      const test = await testConnection(api, id);
      options.onTested(++count);
      const step = test?.steps.find(({ ok }) => !ok);
      if (test?.ok) return [];
      const pending = {
        step: 'test',
        code: 'connection-test-pending',
        message: 'The test has not ended. Is a worker running?',
      };
      if (!step) return [{ name, ...pending }];
      return [{ name, step: step.step, code: step.code ?? 'failed', message: step.whatToDo ?? step.message ?? '' }];
    },
  });
  return failures.flat();
}
