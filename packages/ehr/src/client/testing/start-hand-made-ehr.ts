import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLocalServer, testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import { createProviderRegistry } from '../../providers/index.ts';
import { createEhrClient } from '../create-ehr-client.ts';
import { createMemoryTokenStore } from './memory-token-store.ts';

export type HandMadeEhr = Awaited<ReturnType<typeof startHandMadeEhr>>;

/** A server whose answers a test writes itself, byte by byte, with a client that needs no token. */
export async function startHandMadeEhr(options: { readonly idleTimeoutMs?: number } = {}) {
  const { redisUrl, prefix } = testServices();
  const redis = new Redis(redisUrl);
  const requests: { method: string; path: string; headers: object }[] = [];
  let handler = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(404).end();
  const { url: baseUrl, stop } = await startLocalServer((request, response) => {
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  const registry = createProviderRegistry({});
  const provider = {
    id: 'hand-made',
    name: 'Hand-made',
    environments: { test: { fhirEndpoint: baseUrl } },
    defaultEnvironment: 'test',
    privateNetwork: true,
  };
  const client = createEhrClient({
    registry: { ...registry, get: () => provider },
    redis,
    prefix,
    tokenStore: createMemoryTokenStore(),
    signingKeys: { findForSigning: async () => undefined },
    ...options,
  });
  const connection = {
    ...{ id: `conn_${randomUUID()}`, provider: 'hand-made', environment: 'test', fhirEndpoint: baseUrl },
    auth: { method: 'none' as const },
  };
  return {
    session: client.session(connection),
    /** The URL of a path at the server. */
    url: (path: string) => baseUrl + path,
    /** Replaces the server's handler of requests. */
    answer(next: typeof handler) {
      handler = next;
    },
    /** The received requests in order. */
    requests,
    async stop() {
      client.close();
      redis.disconnect();
      await stop();
    },
  };
}
