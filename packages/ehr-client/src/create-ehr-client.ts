import type { Connection, TokenStore } from '@bulkhead/domain';
import type { Tracing } from '@bulkhead/runtime';
import type { Redis } from 'ioredis';
import { createAccessTokenSource } from './access-token.source.ts';
import { createAuthorizationServerSource } from './authorization-server.source.ts';
import type { SigningKeySource } from './client-authentication.ts';
import { createEhrHttp } from './ehr-http.ts';
import { type EhrObserver, silentObserver } from './ehr-observer.ts';
import { createEhrSession, type EhrSession } from './ehr-session.ts';
import type { ProviderRegistry } from './provider-registry.ts';
import { type BudgetUse, createRateLimiter, type RateLimiter } from './rate-limiter.ts';

export interface EhrClient {
  /** Requests on behalf of a connection. Sessions are cheap; tokens, sockets and budgets are shared behind them. */
  session(connection: Connection): EhrSession;
  /** Of the budgets that this process has used. */
  readBudgetUse(): Promise<readonly BudgetUse[]>;
  close(): void;
}

export function createEhrClient(options: {
  readonly registry: ProviderRegistry;
  readonly redis: Redis;
  /** Of every key in Redis. */
  readonly prefix: string;
  /** What all processes share. */
  readonly tokenStore: TokenStore;
  readonly signingKeys: SigningKeySource;
  /** Left out: one that all processes share. */
  readonly limiter?: RateLimiter;
  readonly observer?: EhrObserver;
  readonly tracing?: Tracing;
}): EhrClient {
  const { registry, redis, prefix, tokenStore, signingKeys, observer = silentObserver, tracing } = options;
  const { limiter = createRateLimiter({ redis, prefix }) } = options;
  const http = createEhrHttp({ limiter, observer, ...(tracing ? { tracing } : {}) });
  const endpoints = { http, servers: createAuthorizationServerSource({ http }), signingKeys, observer };
  const tokens = createAccessTokenSource({ ...endpoints, tokenStore });
  return {
    session: (connection) => createEhrSession({ connection, registry, http, tokens, endpoints }),
    readBudgetUse: () => limiter.readUse(),
    close() {
      limiter.close();
      http.close();
    },
  };
}
