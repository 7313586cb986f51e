import { randomBytes } from 'node:crypto';
import { createSecretBox } from '@bulkhead/base/encryption';
import type { Connection } from 'mongoose';
import { Database } from '../connection/database.ts';
import type { RawWrites } from '../connection/raw-writes.ts';
import type { StoreContext, WriteGate } from '../connection/write-gate.ts';

/** Lets every write begin. */
export const openGate: WriteGate = {
  admit: async (_connectionId, write) => write(undefined),
  admitToken: async (_connectionId, write) => write(),
  write: async (write) => write(),
  enter: async () => ({ keptOut: undefined, end: () => undefined }),
};

/** What `openTestStore` makes a store of. */
export type TestContext = StoreContext & { readonly rawWrites: () => RawWrites | undefined };

/** What repositories are made of in a test: an open gate, and by default a key of their own. */
export function testContext(connection: Connection, encryptionKey: Buffer = randomBytes(32)): StoreContext {
  return {
    database: new Database(connection),
    secretBox: createSecretBox({ current: encryptionKey }),
    gate: openGate,
  };
}
