import { keepFor, present, throwUnavailable } from '@bulkhead/base';
import type { ListedConnection } from '@bulkhead/connections';
import { connectionBudgets, type ProviderRegistry } from '@bulkhead/ehr/providers';
import { type BudgetState, readBudgets } from '@bulkhead/ehr/rate-limiter';
import { type ConnectionScope, isInScope } from '@bulkhead/store';

type Budget = BudgetState['budget'];

/** A request budget, and the connections in the scope of the caller that share it. */
export interface SharedBudget {
  readonly provider: string;
  readonly environment: string;
  /** Whether it is of requests for tokens. */
  readonly isOfTokens: boolean;
  readonly connectionIds: readonly string[];
  readonly state: BudgetState;
}

/** A stream reads the budgets each second. A new connection may appear in it some seconds later. */
const connectionsKeptMs = 10_000;

/** Reads how much of the request budgets of the EHRs is used. */
export class RateBudgetService {
  readonly #options;

  constructor(options: {
    readonly connections: { list(): Promise<readonly ListedConnection[]> };
    readonly registry: ProviderRegistry;
    /** The Redis and the key prefix of the state of the rate limiter. */
    readonly reader: Omit<Parameters<typeof readBudgets>[0], 'budgets'>;
  }) {
    this.#options = options;
  }

  /** @throws AppError `unavailable` */
  async read(connections: readonly ListedConnection[]): Promise<SharedBudget[]> {
    const shared = this.#budgetsOf(connections);
    const budgets = shared.map(({ budget }) => budget);
    const states = await readBudgets({ ...this.#options.reader, budgets }).catch(throwUnavailable);
    return shared.flatMap(({ budget: _budget, ...rest }, index) => {
      const state = states[index];
      return state ? [{ ...rest, state }] : [];
    });
  }

  /** The budgets of the connections in scope. @throws AppError `unavailable` */
  async list(scope: ConnectionScope): Promise<SharedBudget[]> {
    return this.read(await this.#listInScope(scope));
  }

  /** Returns `list` for a caller that reads again and again. */
  follow(scope: ConnectionScope): () => Promise<SharedBudget[]> {
    const listKept = keepFor(connectionsKeptMs, () => this.#listInScope(scope));
    return async () => this.read(await listKept());
  }

  async #listInScope(scope: ConnectionScope) {
    return (await this.#options.connections.list()).filter(({ id }) => isInScope(scope, id));
  }

  #budgetsOf(connections: readonly ListedConnection[]) {
    const shared = new Map<string, { budget: Budget; connectionIds: string[] } & Omit<SharedBudget, 'state'>>();
    const providers = new Map(this.#options.registry.list().map((provider) => [provider.id, provider]));
    for (const connection of connections) {
      // The limits of a provider that is no longer configured are unknown.
      const provider = providers.get(connection.provider);
      const { budget: requestBudget, tokenBudget } = provider ? connectionBudgets(connection, provider) : {};
      for (const budget of [requestBudget, tokenBudget].filter((value) => value !== undefined)) {
        const { provider: name, environment } = connection;
        const place = { provider: name, environment, isOfTokens: budget === tokenBudget };
        const known = shared.get(budget.id) ?? { budget, ...place, connectionIds: [] };
        known.connectionIds.push(connection.id);
        shared.set(budget.id, known);
      }
    }
    return [...shared.values()];
  }
}

const minuteMs = 60_000;

/** A budget as the API shows it. It has its name and not its id, because the id contains the client id. */
export function toRateBudgetView({ provider, environment, connectionIds, state }: SharedBudget) {
  const { budget, window, minute, day, recent, pausedMs, pauseReason, slowMs, waiting } = state;
  const { limit, windowMs, perDay } = budget.rateLimit;
  return present({
    name: budget.name,
    provider,
    environment,
    connectionIds,
    window: { used: window, limit, windowMs },
    minute:
      minute === undefined ? undefined : { used: minute, limit: Math.round(limit * Math.max(minuteMs / windowMs, 1)) },
    day: { used: day, limit: perDay },
    recent,
    pausedMs,
    pauseReason,
    slowMs,
    waiting,
  });
}
