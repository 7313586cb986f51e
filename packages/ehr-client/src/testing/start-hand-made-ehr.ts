import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '@bulkhead/providers';
import { createProviderRegistry } from '@bulkhead/providers';
import { testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import { createEhrClient } from '../create-ehr-client.ts';
import type { EhrSession } from '../ehr-session.ts';
import { createMemoryTokenStore } from './memory-token-store.ts';

export interface HandMadeEhr {
  readonly session: EhrSession;
  /** The URL of a path at the server. */
  url(path: string): string;
  /** Replaces the server's handler of requests. */
  answer(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** The received requests in order. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly headers: object }[];
  stop(): Promise<void>;
}

/** A server whose answers a test writes itself, byte by byte, with a client that needs no token. */
export async function startHandMadeEhr(): Promise<HandMadeEhr> {
  const { redisUrl, prefix } = testServices();
  const redis = new Redis(redisUrl);
  const requests: { method: string; path: string; headers: object }[] = [];
  let handler = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(404).end();
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
  });
  const connection: Connection = {
    id: 'conn_1',
    name: 'Practice 1',
    provider: 'hand-made',
    environment: 'test',
    fhirEndpoint: baseUrl,
    auth: { method: 'none' },
    createdAt: new Date(),
  };
  return {
    session: client.session(connection),
    url: (path) => baseUrl + path,
    answer(next) {
      handler = next;
    },
    requests,
    async stop() {
      client.close();
      redis.disconnect();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
