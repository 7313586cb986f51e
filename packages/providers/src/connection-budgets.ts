import type { RateBudget, RateLimit } from '@bulkhead/rate-limiter';
import type { Connection } from './connection.ts';
import type { Provider } from './provider.ts';

/**
 * For a provider whose registry entry names no limit: more than workers ever send, so it delays nothing. It exists so that every process
 * hears of a pause that the EHR asks for (429, Retry-After), and operators see it.
 */
const unstatedRateLimit: RateLimit = {
  limit: 2000,
  windowMs: 2000,
  perDay: 100_000_000,
  guardMs: 150,
  coldStart: 'go',
};

/** What a connection's requests are counted against, and those of its tokens, which may have no limit. */
export interface ConnectionBudgets {
  readonly budget: RateBudget;
  readonly tokenBudget: RateBudget | undefined;
}

/** athenahealth counts per client id and environment, whatever the practice; tokens by themselves. */
export function connectionBudgets(options: {
  readonly connection: Connection;
  readonly provider: Provider;
}): ConnectionBudgets {
  const { connection, provider } = options;
  const { tokenRateLimit } = Object.hasOwn(provider.environments, connection.environment)
    ? (provider.environments[connection.environment] ?? {})
    : {};
  return {
    budget: budgetOf({ connection, rateLimit: provider.rateLimit ?? unstatedRateLimit }),
    tokenBudget: tokenRateLimit && budgetOf({ connection, rateLimit: tokenRateLimit, kind: '.token' }),
  };
}

function budgetOf(options: {
  readonly connection: Connection;
  readonly rateLimit: RateBudget['rateLimit'];
  readonly kind?: '.token';
}): RateBudget {
  const { connection, rateLimit, kind = '' } = options;
  const client = connection.auth.method === 'none' ? new URL(connection.fhirEndpoint).host : connection.auth.clientId;
  const name = `${connection.provider}.${connection.environment}`;
  return { id: `${name}.${client}${kind}`, name: `${name}${kind}`, rateLimit };
}
