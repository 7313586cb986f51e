import type { Connection } from '@bulkhead/domain';
import type { Provider } from './provider-registry.ts';
import type { RateBudget } from './rate-budget.ts';

/** What a connection's requests are counted against, and those of its tokens; undefined: without a limit. */
export interface ConnectionBudgets {
  readonly budget: RateBudget | undefined;
  readonly tokenBudget: RateBudget | undefined;
}

/** athenahealth counts per client id and environment, whatever the practice; tokens by themselves. */
export function connectionBudgets(options: {
  readonly connection: Connection;
  readonly provider: Provider;
}): ConnectionBudgets {
  const { connection, provider } = options;
  const environment = Object.hasOwn(provider.environments, connection.environment)
    ? provider.environments[connection.environment]
    : undefined;
  return {
    budget: budgetOf({ connection, rateLimit: provider.rateLimit }),
    tokenBudget: budgetOf({ connection, rateLimit: environment?.tokenRateLimit, kind: '.token' }),
  };
}

function budgetOf(options: {
  readonly connection: Connection;
  readonly rateLimit: RateBudget['rateLimit'] | undefined;
  readonly kind?: '.token';
}): RateBudget | undefined {
  const { connection, rateLimit, kind = '' } = options;
  if (!rateLimit) return undefined;
  const client = connection.auth.method === 'none' ? new URL(connection.fhirEndpoint).host : connection.auth.clientId;
  const name = `${connection.provider}.${connection.environment}`;
  return { id: `${name}.${client}${kind}`, name: `${name}${kind}`, rateLimit };
}
