import { testServices } from '@bulkhead/testing/test-services';
import { createConnection } from 'mongoose';
import { connectionSettings } from '../connection/connection-settings.ts';
import { createIndexes } from '../connection/create-indexes.ts';
import { openRawWrites } from '../connection/raw-writes.ts';
import { type CommandObserver, watchCommands } from '../connection/watch-commands.ts';
import { type TestContext, testContext } from './test-context.ts';

/** Opens the store of a feature. Default: on a database of the running test. */
export async function openTestStore<Repositories>(
  create: (context: TestContext) => { readonly repositories: Repositories },
  options: {
    readonly onCommand?: CommandObserver;
    readonly uri?: string;
    /** Default: a new one. */
    readonly encryptionKey?: Buffer;
  } = {},
) {
  const { onCommand, uri = testServices().mongodbUri, encryptionKey } = options;
  const settings = { ...connectionSettings, monitorCommands: onCommand !== undefined };
  const database = await createConnection(uri, settings).asPromise();
  if (onCommand) watchCommands({ connection: database, onCommand });
  const rawWrites = await openRawWrites(database);
  const { repositories: store } = create({ ...testContext(database, encryptionKey), rawWrites: () => rawWrites });
  await createIndexes(database);
  return { store, database, close: () => database.destroy() };
}
