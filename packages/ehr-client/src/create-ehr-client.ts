import type { Connection, TokenStore } from '@bulkhead/domain';
import type { Redis } from 'ioredis';
import { createAccessTokenSource } from './access-token.source.ts';
import { createAuthorizationServerSource } from './authorization-server.source.ts';
import type { SigningKeySource } from './client-authentication.ts';
import { createEhrHttp } from './ehr-http.ts';
import { createEhrSession, type EhrSession } from './ehr-session.ts';
import type { ProviderRegistry } from './provider-registry.ts';
import { createRateLimiter } from './rate-limiter.ts';

export interface EhrClient {
  /** Requests on behalf of a connection. Sessions are cheap; tokens, sockets and budgets are shared behind them. */
  session(connection: Connection): EhrSession;
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
}): EhrClient {
  const { registry, redis, prefix, tokenStore, signingKeys } = options;
  const http = createEhrHttp({ limiter: createRateLimiter({ redis, prefix }) });
  const endpoints = { http, servers: createAuthorizationServerSource({ http }), signingKeys };
  const tokens = createAccessTokenSource({ ...endpoints, tokenStore });
  return {
    session: (connection) => createEhrSession({ connection, registry, http, tokens, endpoints }),
    close: () => http.close(),
  };
}
