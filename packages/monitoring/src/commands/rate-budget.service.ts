import { unavailable } from '@bulkhead/base';
import type { ConnectionService } from '@bulkhead/connections/commands';
import { connectionBudgets, type ProviderRegistry } from '@bulkhead/ehr/providers';
import { type BudgetState, readBudgets } from '@bulkhead/ehr/rate-limiter';
import type { ConnectionScope } from '@bulkhead/store';

type Budget = BudgetState['budget'];

/** A request budget, and the connections in the scope of the caller that share it. */
export interface SharedBudget {
  readonly provider: string;
  readonly environment: string;
  readonly connectionIds: readonly string[];
  readonly state: BudgetState;
}

export type RateBudgetService = ReturnType<typeof createRateBudgetService>;

/** Reads how much of the request budgets of the EHRs is used. */
export function createRateBudgetService(options: {
  readonly connections: Pick<ConnectionService, 'list'>;
  readonly registry: ProviderRegistry;
  /** The Redis and the key prefix of the state of the rate limiter. */
  readonly reader: Omit<Parameters<typeof readBudgets>[0], 'budgets'>;
}) {
  const { connections, registry, reader } = options;
  const used = async (scope: ConnectionScope) => {
    const shared = new Map<string, { readonly budget: Budget } & Omit<SharedBudget, 'state'>>();
    for (const connection of await connections.list(scope)) {
      // The limits of a provider that is no longer configured are unknown.
      const provider = registry.list().find(({ id }) => id === connection.provider);
      const { budget: requestBudget, tokenBudget } = provider ? connectionBudgets(connection, provider) : {};
      for (const budget of [requestBudget, tokenBudget].filter((value) => value !== undefined)) {
        const { provider: name, environment } = connection;
        const connectionIds = [...(shared.get(budget.id)?.connectionIds ?? []), connection.id];
        shared.set(budget.id, { budget, provider: name, environment, connectionIds });
      }
    }
    return [...shared.values()];
  };
  return {
    /** The budgets of the connections in scope. @throws AppError `unavailable` */
    async list(scope: ConnectionScope): Promise<SharedBudget[]> {
      const shared = await used(scope);
      const states = await readBudgets({ ...reader, budgets: shared.map(({ budget }) => budget) }).catch(
        (cause: unknown) => {
          throw unavailable(cause);
        },
      );
      return shared.flatMap(({ budget: _budget, ...rest }, index) => {
        const state = states[index];
        return state ? [{ ...rest, state }] : [];
      });
    },
  };
}

const minuteMs = 60_000;

/** A budget as the API shows it. It has its name and not its id, because the id contains the client id. */
export function toRateBudgetView({ provider, environment, connectionIds, state }: SharedBudget) {
  const { budget, window, minute, day, recent, pausedMs, pauseReason, slowMs, waiting } = state;
  const { limit, windowMs, perDay } = budget.rateLimit;
  return {
    name: budget.name,
    provider,
    environment,
    connectionIds,
    window: { used: window, limit, windowMs },
    ...(minute === undefined
      ? {}
      : { minute: { used: minute, limit: Math.round(limit * Math.max(minuteMs / windowMs, 1)) } }),
    day: { used: day, limit: perDay },
    ...(recent === undefined ? {} : { recent }),
    pausedMs,
    ...(pauseReason === undefined ? {} : { pauseReason }),
    slowMs,
    waiting,
  };
}
