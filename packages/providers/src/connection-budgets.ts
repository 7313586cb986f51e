import type { RateBudget, RateLimit } from '@bulkhead/rate-limiter';
import type { Connection, ConnectionWithoutSecrets } from './connection.record.ts';
import type { Provider } from './provider.ts';

/**
 * The limit of a provider whose registry entry has none. It is higher than the rate that workers can reach, so it delays nothing. It
 * exists so that a pause requested by the EHR (429, Retry-After) reaches every process and is shown to operators.
 */
const unstatedRateLimit: RateLimit = {
  limit: 2000,
  windowMs: 2000,
  perDay: 100_000_000,
  guardMs: 150,
  coldStart: 'go',
};

/**
 * The budget of a connection's requests, and the budget of its token requests, if those are limited. athenahealth counts requests per
 * client id and environment, for all practices together. It counts token requests separately.
 */
export function connectionBudgets(connection: Connection | ConnectionWithoutSecrets, provider: Provider) {
  const { tokenRateLimit } = Object.hasOwn(provider.environments, connection.environment)
    ? (provider.environments[connection.environment] ?? {})
    : {};
  return {
    budget: budgetOf({ connection, rateLimit: provider.rateLimit ?? unstatedRateLimit }),
    tokenBudget: tokenRateLimit && budgetOf({ connection, rateLimit: tokenRateLimit, kind: '.token' }),
  };
}

function budgetOf(options: {
  readonly connection: Connection | ConnectionWithoutSecrets;
  readonly rateLimit: RateBudget['rateLimit'];
  readonly kind?: '.token';
}): RateBudget {
  const { connection, rateLimit, kind = '' } = options;
  const client = connection.auth.method === 'none' ? new URL(connection.fhirEndpoint).host : connection.auth.clientId;
  const name = `${connection.provider}.${connection.environment}`;
  return { id: `${name}.${client}${kind}`, name: `${name}${kind}`, rateLimit };
}
