import type { LookupAddress } from 'node:dns';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeSelfSigned, type ScriptedServer, startConnectProxy, startScriptedServer } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import axios from 'axios';
import { createEgressGuard, egressRefusal } from './egress-guard.ts';
import { type EgressProxy, usesProxy } from './egress-proxy.ts';

const trusted = getCACertificates('default');
let server: ScriptedServer;

beforeAll(async () => {
  const certificate = makeSelfSigned();
  setDefaultCACertificates([...trusted, certificate.cert]);
  server = await startScriptedServer((_request, { socket }) => ({ body: `from ${socket?.remotePort}` }), {
    tls: certificate,
  });
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await server.stop();
});

const unknown = async (): Promise<LookupAddress[]> => {
  throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
};
const resolvesTo = (address: string) => async (): Promise<LookupAddress[]> => [{ address, family: 4 }];

/** Sends requests through a guard, one after the other, to the server that has the name `localhost` for this proxy only. */
async function get(options: {
  readonly proxy: EgressProxy;
  readonly resolve: () => Promise<LookupAddress[]>;
  readonly privateNetwork?: boolean;
  readonly count?: number;
}): Promise<string[]> {
  const { proxy, resolve, privateNetwork = false, count = 1 } = options;
  const guard = createEgressGuard({ resolve, proxy });
  const url = server.url.replace('127.0.0.1', 'localhost');
  const read = async () => {
    try {
      const agents = guard.check({ url, rules: { privateNetwork } });
      const { data, request } = await axios.get(url, { ...agents, timeout: 5000 });
      return request.reusedSocket ? 'read on the same connection' : String(data).replace(/\d+/, 'a connection');
    } catch (error) {
      return egressRefusal(error)?.code ?? (error as { code?: string }).code ?? String(error);
    }
  };
  try {
    const results: string[] = [];
    while (results.length < count) results.push(await read());
    return results;
  } finally {
    guard.close();
  }
}

test('https requests go through the proxy, which gets the name of the host and its own password, on a connection that is kept', async () => {
  await using proxy = await startConnectProxy();
  const url = proxy.url.replace('://', '://clinic:p%40ss@');
  const results = await get({ proxy: { url }, resolve: unknown, count: 2 });
  expect(results).toEqual(['from a connection', 'read on the same connection']);
  const authorization = `Basic ${Buffer.from('clinic:p@ss').toString('base64')}`;
  expect(proxy.requests).toEqual([
    {
      target: `localhost:${new URL(server.url).port}`,
      headers: expect.objectContaining({ 'proxy-authorization': authorization }),
    },
  ]);
});

test('a host that is exempt from the proxy is connected to directly, and its address is checked', async () => {
  await using proxy = await startConnectProxy();
  const direct = { proxy: { url: proxy.url, except: ['ehr.example', 'localhost'] }, resolve: resolvesTo('127.0.0.1') };
  expect(await get({ ...direct, privateNetwork: true })).toEqual(['from a connection']);
  expect(await get(direct)).toEqual(['egress-refused']);
  expect(proxy.requests).toEqual([]);
});

test('a name that is known here and belongs to a private network is refused, and the proxy does not learn it', async () => {
  await using proxy = await startConnectProxy();
  for (const address of ['10.0.0.1', '127.0.0.1', '169.254.169.254'])
    expect(await get({ proxy, resolve: resolvesTo(address) })).toEqual(['egress-refused']);
  expect(proxy.requests).toEqual([]);
  expect(await get({ proxy, resolve: resolvesTo('8.8.8.8') })).toEqual(['from a connection']);
});

test.each([
  { what: 'asks for a log-in', answer: 407, code: 'ERR_PROXY_TUNNEL' },
  { what: 'refuses the host', answer: 403, code: 'ERR_PROXY_TUNNEL' },
  { what: 'does not answer', answer: 'nothing', code: 'ECONNABORTED' },
] as const)('a request fails with $code if the proxy $what', async ({ answer, code }) => {
  await using proxy = await startConnectProxy(answer);
  const results = await get({ proxy: { url: proxy.url, timeoutMs: 500 }, resolve: unknown });
  expect(results).toEqual([code]);
  expect(proxy.requests).toHaveLength(1);
});

test.each([
  { entry: 'hospital.example', exempt: ['hospital.example', 'ehr.hospital.example'], others: ['myhospital.example'] },
  { entry: '.hospital.example', exempt: ['ehr.hospital.example'], others: ['hospital.example.org'] },
  { entry: ' *.Hospital.example', exempt: ['ehr.hospital.example'], others: ['example'] },
  { entry: '10.1.2.3', exempt: ['10.1.2.3'], others: ['10.1.2.30', '110.1.2.3'] },
  { entry: '*', exempt: ['ehr.example', '10.1.2.3'], others: [] },
  { entry: '', exempt: [], others: ['ehr.example'] },
])('NO_PROXY=$entry exempts $exempt', ({ entry, exempt, others }) => {
  const proxied = (host: string) =>
    usesProxy({ protocol: 'https:', host, proxy: { url: 'http://proxy.example', except: ['other.example', entry] } });
  expect(exempt.filter(proxied)).toEqual([]);
  expect(others.filter(proxied)).toEqual(others);
});
