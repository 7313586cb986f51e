import type { PeopleText } from '@bulkhead/base';
import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import { webhookFeature } from '@bulkhead/webhooks';
import { createStores as createExportStores, withExports } from '../../export/testing/index.ts';
import { syncFeature } from '../../sync/index.ts';
import { scheduleFeature } from '../schedule.feature.ts';

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
  const syncs = syncFeature.open({ ...context, ...exports }).repositories;
  const webhooks = webhookFeature.open(context).repositories;
  return { repositories: { ...exports, ...syncs, ...webhooks, ...scheduleFeature.open(context).repositories } };
}
