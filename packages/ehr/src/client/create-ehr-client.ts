import { present, type Tracing } from '@bulkhead/base';
import type { EgressProxy } from '@bulkhead/base/egress';
import { createEgressGuard } from '@bulkhead/base/egress';
import type { Redis } from 'ioredis';
import type { EhrConnection, ProviderRegistry } from '../providers/index.ts';
import { createRateLimiter, type RateLimiter } from '../rate-limiter/index.ts';
import { createEhrSession } from './ehr-session.ts';
import { createEhrHttp } from './http/ehr-http.ts';
import { type EhrObserver, silentObserver } from './http/ehr-observer.ts';
import { createAccessTokenSource } from './oauth/access-token.source.ts';
import { createAuthorizationServerSource } from './oauth/authorization-server.ts';
import type { SigningKeySource } from './oauth/client-authentication.ts';
import type { TokenStore } from './oauth/token-store.ts';

export type EhrClient = ReturnType<typeof createEhrClient>;

export function createEhrClient(options: {
  readonly registry: ProviderRegistry;
  readonly redis: Redis;
  /** The prefix of every key in Redis. */
  readonly prefix: string;
  /** Shared by all processes. */
  readonly tokenStore: TokenStore;
  readonly signingKeys: SigningKeySource;
  /** The default is a limiter that all processes share. */
  readonly limiter?: RateLimiter;
  readonly observer?: EhrObserver;
  readonly proxy?: EgressProxy | undefined;
  readonly tracing?: Tracing;
  /** How long a server may send nothing before its answer or within it. */
  readonly idleTimeoutMs?: number;
}) {
  const {
    registry,
    redis,
    prefix,
    tokenStore,
    signingKeys,
    observer = silentObserver,
    proxy,
    tracing,
    idleTimeoutMs,
  } = options;
  const { limiter = createRateLimiter({ redis, prefix }) } = options;
  const http = createEhrHttp({
    limiter,
    observer,
    guard: createEgressGuard({ proxy }),
    ...present({ tracing, idleTimeoutMs }),
  });
  const endpoints = { http, servers: createAuthorizationServerSource({ http }), signingKeys, tokenStore, observer };
  const tokens = createAccessTokenSource(endpoints);
  return {
    /** Opens a session for requests of a connection. Sessions are cheap, because they share tokens, sockets and budgets. */
    session: (connection: EhrConnection) => createEhrSession({ connection, registry, http, tokens, endpoints }),
    /** @throws AppError `unknown-provider` */
    provider: (id: string) => registry.get(id),
    /** The use of the budgets that this process has used. */
    readBudgetUse: () => limiter.readUse(),
    close(): void {
      limiter.close();
      http.close();
    },
  };
}
