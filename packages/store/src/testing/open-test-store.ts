import { testServices } from '@bulkhead/testing';
import { createConnection } from 'mongoose';
import { createIndexes } from '../create-indexes.ts';
import { type CommandObserver, watchCommands } from '../watch-commands.ts';
import type { StoreContext } from '../write-gate.ts';
import { testContext } from './test-context.ts';

/** Opens the store of a feature on the database of the running test. */
export async function openTestStore<Repositories>(
  create: (context: StoreContext) => { readonly repositories: Repositories },
  { onCommand }: { readonly onCommand?: CommandObserver } = {},
) {
  const options = { autoIndex: false, autoCreate: false, monitorCommands: onCommand !== undefined };
  const database = await createConnection(testServices().mongodbUri, options).asPromise();
  if (onCommand) watchCommands({ database, onCommand });
  const { repositories: store } = create(testContext(database));
  await createIndexes(database);
  return { store, database, close: () => database.close() };
}
