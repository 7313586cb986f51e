import { randomBytes } from 'node:crypto';
import type { Connection as Database } from 'mongoose';
import { createSecretBox } from '../encryption/secret-box.ts';
import type { StoreContext, WriteGate } from '../write-gate.ts';

/** Lets every write begin. */
export const openGate: WriteGate = {
  admit: async (_connectionId, write) => write(undefined),
  admitToken: async (_connectionId, write) => write(),
  write: async (write) => write(),
  enter: async () => ({ keptOut: undefined, end: () => undefined }),
};

/** What repositories are made of in a test: an open gate, and a key of their own. */
export function testContext(database: Database): StoreContext {
  return { database, secretBox: createSecretBox({ current: randomBytes(32) }), gate: openGate };
}
