import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { findInPackage, spawnTethered, type Tethered } from '@bulkhead/embedded';
import { makeSelfSigned, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import type { AppProcess } from '../system/app-process.ts';
import { root } from '../system/builds.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const nginx = await findInPackage({ path: 'usr/sbin/nginx', env: process.env });
const page = 'docs/how-to/ingress-and-tls.md';

describeWith({ title: 'nginx with docker/nginx/bulkhead.conf', tool: nginx }, ({ command }) => {
  const port = 23_000 + (process.pid % 900);
  const { cert, key } = makeSelfSigned();
  let system: TestSystem;
  let apis: readonly [AppProcess, AppProcess];
  let proxy: Tethered;
  let apiKey: string;
  const agent = new Agent({ ca: cert, keepAlive: true });
  const send = async (options: { method?: string; path: string; body?: string; headers?: Record<string, string> }) => {
    const { method = 'GET', path, body, headers = { authorization: `Bearer ${apiKey}` } } = options;
    const sent = request({ agent, host: '127.0.0.1', servername: 'localhost', port, method, path, headers });
    const [answer] = (await once(sent.end(body), 'response')) as [IncomingMessage];
    return answer;
  };

  beforeAll(async () => {
    system = await startTestSystem({ ...onTestServers(), workerCount: 0, patients: 1, env: { TRUST_PROXY: '1' } });
    apis = [system.api, await system.startApi()];
    ({ apiKey } = system);
    const folder = join(system.folder, 'nginx');
    mkdirSync(folder);
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
    // Only the addresses and paths of this machine are replaced.
    const site = readFileSync(join(root, 'docker/nginx/bulkhead.conf'), 'utf8')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('/etc/nginx/tls/bulkhead.crt', join(folder, 'tls.crt'))
      .replace('/etc/nginx/tls/bulkhead.key', join(folder, 'tls.key'))
      .replace('127.0.0.1:3000', `127.0.0.1:${apis[0].port}`)
      .replace('127.0.0.1:3010', `127.0.0.1:${apis[1].port}`)
      // The lines of the page that route stored data past the API.
      .replace('location / {', `${nginxLinesOf(page)}\n  location / {`)
      .replace('server {', `upstream bulkhead_serve { server ${new URL(system.serve.url).host}; }\nserver {`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n');
    const config = `daemon off; pid ${join(folder, 'pid')}; error_log stderr; events {}\nhttp { access_log off; ${paths}\n${site} }`;
    writeFileSync(join(folder, 'nginx.conf'), config);
    proxy = await spawnTethered({
      command,
      args: ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-p', folder],
      output: { file: join(folder, 'log') },
    });
    await waitFor(
      () =>
        send({ path: '/ready' })
          .then(({ statusCode }) => statusCode === 200)
          .catch(() => false),
      { what: 'nginx' },
    );
  });
  afterAll(async () => {
    agent.destroy();
    await proxy?.stop();
    await system?.stop();
  });

  test('the commands of the page work as written through the proxy', async () => {
    const env = { BULKHEAD_URL: `https://localhost:${port}`, BULKHEAD_API_KEY: apiKey };
    const ca = join(system.folder, 'nginx', 'tls.crt');
    const commands = await commandsOf(page);
    const printed = await runShell({
      commands,
      folder: system.folder,
      env: { ...env, CURL_CA_BUNDLE: ca, NODE_EXTRA_CA_CERTS: ca },
    });
    expect(printed).toContain('Strict-Transport-Security: max-age');
    expect(printed).toContain('ready');
  });

  test('the proxy passes a stream of events on as it comes, and a body of 10 MB', async () => {
    const stream = await send({ path: '/api/ehr/rate-budgets/events' });
    expect(stream.headers['content-type']).toContain('text/event-stream');
    const [first] = (await stream.iterator({ destroyOnReturn: true }).next()).value.toString().split('\n');
    expect(first).toMatch(/^(?:event|retry|id|:)/);
    const body = JSON.stringify({ line: 'x'.repeat(10_000_000) });
    const answer = await send({ method: 'POST', path: '/api/ehr/quarantine/unknown/replay', body });
    // The proxy would answer 413 with a page. The API does not know the line.
    expect(await text(answer)).toContain('"success":false');
  });

  test('the proxy hides the metrics, and the cookie of a log-in behind TLS is Secure', async () => {
    expect((await send({ path: '/metrics' })).statusCode).toBe(404);
    const form = new URLSearchParams({ key: apiKey }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      host: `localhost:${port}`,
      origin: `https://localhost:${port}`,
    };
    const login = await send({ method: 'POST', path: '/login', body: form, headers });
    expect(login.statusCode).toBe(303);
    expect(login.headers['set-cookie']?.join()).toMatch(/; Secure/);
  });

  test('while one API process is replaced, no request through the proxy fails', async () => {
    const statuses: (number | undefined)[] = [];
    let isOver = false;
    const client = (async () => {
      while (!isOver) {
        const answer = await send({ path: '/api/ehr/connections' });
        statuses.push(answer.statusCode);
        await text(answer);
      }
    })();
    await waitFor(() => statuses.length > 10);
    await apis[0].stop();
    const { length } = statuses;
    await waitFor(() => statuses.length > length + 10);
    await apis[0].start();
    isOver = true;
    await client;
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('the lines of the page route stored data past the API', async () => {
    for (const api of apis) await api.stop();
    const { connectionId } = system;
    const searched = await send({ path: `/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}` });
    expect([searched.statusCode, JSON.parse(await text(searched))]).toEqual([
      200,
      expect.objectContaining({ resourceType: 'Bundle' }),
    ]);
    expect((await send({ path: '/api/ehr/athenahealth/resources/Patient', headers: {} })).statusCode).toBe(401);
    expect((await send({ path: '/api/ehr/connections' })).statusCode).toBe(502);
  });
});

function nginxLinesOf(path: string): string {
  const [, lines = ''] = /```nginx\n(.*?)```/s.exec(readFileSync(join(root, path), 'utf8')) ?? [];
  return lines;
}
