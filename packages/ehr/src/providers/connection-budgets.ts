import type { RateBudget, RateLimit } from '../rate-limiter/index.ts';
import type { ConnectionAuth, EhrConnection } from './ehr-connection.ts';
import type { Provider } from './provider.ts';

/**
 * The limit of a provider whose registry entry has none. It is higher than the rate that workers can reach, so it delays nothing. It
 * exists so that a pause requested by the EHR (429, Retry-After) reaches every process and is shown to operators.
 */
export const unstatedRateLimit: RateLimit = {
  limit: 2000,
  windowMs: 2000,
  perDay: 100_000_000,
  guardMs: 150,
  coldStart: 'go',
};

/**
 * The budget of a connection's requests, and the budget of its token requests, if those are limited. Connections with the same budget share
 * its limit and its pauses. athenahealth counts requests per client id and environment, for all practices together. It counts token requests
 * separately.
 */
export function connectionBudgets(connection: AnyConnection, provider: Provider) {
  const { tokenRateLimit } = environmentOf(connection, provider);
  const rateLimit = rateLimitOf(connection, provider);
  const name = `${connection.provider}.${connection.environment}`;
  const { [limitCountsBy(connection, provider)]: counted, client } = countedBy(connection);
  const budget: RateBudget = { id: `${name}.${counted}`, name, rateLimit: rateLimit ?? unstatedRateLimit };
  const tokenBudget: RateBudget | undefined = tokenRateLimit && {
    id: `${name}.${client}.token`,
    name: `${name}.token`,
    rateLimit: tokenRateLimit,
  };
  return { budget, tokenBudget };
}

/** What the requests of a connection are counted by. */
export function limitCountsBy(connection: Pick<EhrConnection, 'environment'>, provider: Provider) {
  return provider.limitCountsBy ?? (rateLimitOf(connection, provider) ? 'client' : 'server');
}

/** The limit of requests in the environment of a connection. */
export function rateLimitOf(connection: Pick<EhrConnection, 'environment'>, provider: Provider): RateLimit | undefined {
  return environmentOf(connection, provider).rateLimit ?? provider.rateLimit;
}

/** `hasOwn`, because names such as `constructor` are not environments. */
function environmentOf({ environment }: Pick<EhrConnection, 'environment'>, { environments }: Provider) {
  const known: Partial<Provider['environments'][string]> | undefined = Object.hasOwn(environments, environment)
    ? environments[environment]
    : undefined;
  return known ?? {};
}

interface AnyConnection
  extends Pick<EhrConnection, 'provider' | 'environment' | 'fhirEndpoint' | 'practiceId' | 'groupId'> {
  readonly auth:
    | { readonly method: 'none' }
    | { readonly method: Exclude<ConnectionAuth['method'], 'none'>; readonly clientId: string };
}

/** What tells the budgets of an environment apart. */
function countedBy({ auth, fhirEndpoint, practiceId, groupId }: AnyConnection) {
  const { host, pathname } = new URL(fhirEndpoint);
  const server = `${host}${pathname}`;
  return {
    client: auth.method === 'none' ? host : auth.clientId,
    server,
    practice: practiceId ?? groupId ?? server,
  };
}
