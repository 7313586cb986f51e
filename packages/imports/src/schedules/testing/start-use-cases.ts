import type { PeopleText } from '@bulkhead/base';
import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import { createWebhookStore } from '@bulkhead/webhooks';
import { createStores as createExportStores, withExports } from '../../export/testing/index.ts';
import { createSyncStore } from '../../sync/index.ts';
import { createScheduleStore } from '../store.ts';

export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/** Starts what the steps of schedules need, without a worker. A test calls the steps itself, at the time that it sets. */
export async function startUseCases(options?: ConnectedEhrOptions) {
  const cases = withExports(await startConnectedEhr((at) => openTestStore(createStores, at), options));
  return Object.assign(cases, { deps: { ...cases.deps, peopleTextOf } });
}

function peopleTextOf(code: string): PeopleText {
  return { title: `Title of ${code}`, advice: `Advice for ${code}.` };
}

/** Creates the stores that the steps of schedules, and of what they start, use. */
export function createStores(context: TestContext) {
  const exports = createExportStores(context).repositories;
  const syncs = createSyncStore({ ...context, ...exports }).repositories;
  const webhooks = createWebhookStore(context).repositories;
  return { repositories: { ...exports, ...syncs, ...webhooks, ...createScheduleStore(context).repositories } };
}
