import { keepForKey } from '@bulkhead/base';
import type { ConnectionWithoutSecrets } from '@bulkhead/connections';
import { connectionBudgets, type ProviderRegistry } from '@bulkhead/ehr/providers';
import { type BudgetPause, readPause } from '@bulkhead/ehr/rate-limiter';

/** Each stream and each status asks every second. */
const keptMs = 1000;

/** Reads the pause that delays a connection's requests. Undefined if there is none, or if the connection or its provider is gone. */
export function createPauseReader(options: {
  readonly find: (connectionId: string) => Promise<ConnectionWithoutSecrets | undefined>;
  readonly registry: ProviderRegistry;
  /** The Redis and the key prefix of the state of the rate limiter. */
  readonly reader: Omit<Parameters<typeof readPause>[0], 'budget'>;
}): (connectionId: string) => Promise<BudgetPause | undefined> {
  const { find, registry, reader } = options;
  return keepForKey(keptMs, async (connectionId) => {
    const connection = await find(connectionId);
    const provider = registry.list().find(({ id }) => id === connection?.provider);
    if (!connection || !provider) return undefined;
    return readPause({ ...reader, budget: connectionBudgets(connection, provider).budget });
  });
}
