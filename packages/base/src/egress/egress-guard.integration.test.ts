import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import axios from 'axios';
import { createEgressGuard, type EgressRules, egressRefusal } from './egress-guard.ts';

const open: EgressRules = { privateNetwork: false };
const privateRules: EgressRules = { privateNetwork: true };

describe('an address that is named #egress', () => {
  const guard = createEgressGuard();
  test.each([
    { what: 'plain http', url: 'http://ehr.example.org/x', rules: open },
    { what: 'another protocol', url: 'file:///etc/passwd', rules: privateRules },
    { what: 'a user name', url: 'https://ehr.example.org@10.0.0.1/', rules: privateRules },
    { what: 'loopback', url: 'https://127.0.0.1/', rules: open },
    { what: 'loopback in decimal', url: 'https://2130706433/', rules: open },
    { what: 'loopback in hexadecimal', url: 'https://0x7f000001/', rules: open },
    { what: 'loopback in octal', url: 'https://0177.0.0.1/', rules: open },
    { what: 'loopback in short', url: 'https://127.1/', rules: open },
    { what: 'loopback in IPv6', url: 'https://[::1]/', rules: open },
    { what: 'loopback, mapped into IPv6', url: 'https://[::ffff:127.0.0.1]/', rules: open },
    { what: 'a private address', url: 'https://192.168.1.1/', rules: open },
    { what: "the cloud's metadata", url: 'https://169.254.169.254/latest/', rules: privateRules },
    { what: "the cloud's metadata, mapped into IPv6", url: 'http://[::ffff:169.254.169.254]/', rules: privateRules },
    { what: 'this host', url: 'http://0.0.0.0/', rules: privateRules },
    {
      what: 'a host that is not listed',
      url: 'https://evil.example.com/',
      rules: { ...open, hosts: ['*.example.org'] },
    },
    {
      what: 'a host that only ends alike',
      url: 'https://evilexample.org/',
      rules: { ...open, hosts: ['*.example.org'] },
    },
    { what: 'a port that is not listed', url: 'https://8.8.8.8:8443/', rules: { ...open, ports: [443] } },
  ])('a URL with $what is refused', ({ url, rules }) => {
    expect(() => guard.check({ url, rules })).toThrow(
      expect.objectContaining({ code: 'egress-refused', retry: 'never' }),
    );
  });

  test.each([
    { url: 'https://ehr.example.org/fhir', rules: open },
    { url: 'https://8.8.8.8/', rules: open },
    { url: 'http://127.0.0.1:8080/', rules: privateRules },
    { url: 'http://[::1]:8080/', rules: privateRules },
    { url: 'https://8.8.8.8/', rules: { ...open, ports: [443] } },
    { url: 'https://8.8.8.8:8443/', rules: { ...open, ports: [443, 8443] } },
    { url: 'https://files.example.org/', rules: { ...open, hosts: ['*.example.org'] } },
  ])('a request to $url is sent', ({ url, rules }) => {
    expect(guard.check({ url, rules })).toMatchObject({ httpAgent: expect.anything() });
  });
  afterAll(() => guard.close());
});

describe('a name that DNS answers #egress', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await startScriptedServer({ '*': { body: 'inside' } });
  });
  afterAll(() => server.stop());

  async function connectTo(answers: LookupAddress[][], rules: EgressRules) {
    const guard = createEgressGuard({ resolve: async () => answers.shift() ?? [] });
    const url = `http://ehr.example.org:${new URL(server.url).port}/`;
    try {
      // Use the agents directly, because `check` would reject plain http for a provider on the public network before any lookup.
      const agents = guard.check({ url: url.replace('http:', rules.privateNetwork ? 'http:' : 'https:'), rules });
      return (await axios.get(url, { ...agents })).data;
    } catch (error) {
      return egressRefusal(error)?.code ?? String(error);
    } finally {
      guard.close();
    }
  }
  const inside: LookupAddress = { address: '127.0.0.1', family: 4 };
  const outside: LookupAddress = { address: '203.0.113.7', family: 4 };

  test('a name that DNS resolves to a private address is not connected to', async () => {
    const before = server.requests.length;
    expect(await connectTo([[inside]], open)).toBe('egress-refused');
    expect(await connectTo([[outside, inside]], open)).toBe('egress-refused');
    expect(await connectTo([[{ address: '::ffff:127.0.0.1', family: 6 }]], open)).toBe('egress-refused');
    expect(await connectTo([[{ address: '169.254.169.254', family: 4 }]], privateRules)).toBe('egress-refused');
    expect(server.requests).toHaveLength(before);
  });

  test('a connection is made to the address that was checked, even if DNS answers differently later (rebinding)', async () => {
    const answers = [[inside], [{ address: '169.254.169.254', family: 4 }]];
    expect(await connectTo(answers, privateRules)).toBe('inside');
    expect(answers).toHaveLength(1);
  });
});

test('an idle connection is closed before the server closes it, so that no request meets a closed connection', async () => {
  const guard = createEgressGuard();
  const timedOut = jest.fn();
  const server = await startScriptedServer((_request, response) => {
    // The server itself would close the connection after 5 s.
    response.socket?.once('timeout', timedOut);
    return { headers: { 'keep-alive': 'timeout=2' } };
  });
  try {
    const agents = guard.check({ url: server.url, rules: privateRules });
    const { socket } = (await axios.get(server.url, { ...agents })).request;
    await once(socket, 'close');
    expect(timedOut).not.toHaveBeenCalled();
  } finally {
    guard.close();
    await server.stop();
  }
});

test('a name that DNS resolves after 5 s is connected to, because resolvers ask the second server after 5 s', async () => {
  const server = await startScriptedServer({ '*': { body: 'inside' } });
  const resolve = async () => {
    await delay(5000);
    return [{ address: '127.0.0.1', family: 4 }];
  };
  const guard = createEgressGuard({ resolve });
  try {
    const url = `http://ehr.example.org:${new URL(server.url).port}/`;
    const agents = guard.check({ url, rules: privateRules });
    expect((await axios.get(url, { ...agents, maxRedirects: 0, timeout: 90_000 })).data).toBe('inside');
  } finally {
    guard.close();
    await server.stop();
  }
});
