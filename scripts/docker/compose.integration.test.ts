import { randomBytes } from 'node:crypto';
import { type Lock, lockNetwork } from '@bulkhead/embedded';
import { createBrowser } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { runMainJob } from '../start/main-job.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { createCompose, removeImages, whyNoCompose } from './compose.fixture.ts';
import { expectOnlyItsDatabase } from './expect-only-its-database.fixture.ts';

const missing = whyNoCompose();
/** The time of a first build, which installs and compiles everything. */
const buildTimeoutMs = 20 * 60_000;

describeWith({ title: 'the system in containers', tool: missing ? { missing } : {} }, () => {
  const name = `bulkhead-test-${process.pid}`;
  const mongodbPassword = randomBytes(32).toString('hex');
  const compose = createCompose({
    COMPOSE_PROJECT_NAME: name,
    // A tag of its own, so that existing images of the user are not replaced.
    BULKHEAD_TAG: name,
    BULKHEAD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    REDIS_PASSWORD: randomBytes(32).toString('hex'),
    MONGODB_PASSWORD: mongodbPassword,
    MONGODB_ROOT_PASSWORD: randomBytes(32).toString('hex'),
    ATHENAHEALTH_FHIR_ENDPOINT: 'http://ehr-simulator:8080/fhir/r4',
    ATHENAHEALTH_CLIENT_ID: 'simulator-client',
    ATHENAHEALTH_CLIENT_SECRET: 'simulator-secret',
    // Any free port.
    REDIS_PORT: '0',
    MONGODB_PORT: '0',
    API_PORT: '0',
  });
  let api: ApiClient;
  const browser = createBrowser();
  let baseUrl = '';
  let apiKey = '';
  let lock: Lock | undefined;
  beforeAll(async () => {
    lock = await lockNetwork('change addresses');
    // One after another. In parallel, each build would install and compile the shared part.
    await compose('--parallel', '1', 'build');
    await compose('up', '--detach', '--wait', 'api', 'worker', 'ehr-simulator').catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await compose('logs', '--tail', '20')}`);
    });
    const printed = await compose(
      'run',
      '--rm',
      'api',
      'node',
      'dist/create-api-key.js',
      '--name',
      'me',
      '--role',
      'operator',
    );
    apiKey = printed.split('\n').at(-1) ?? '';
    baseUrl = `http://${await compose('port', 'api', '3000')}`;
    api = createApiClient({ baseUrl, apiKey });
  }, buildTimeoutMs);
  afterAll(async () => {
    try {
      await compose('down', '--volumes', '--timeout', '10');
      removeImages(name);
    } finally {
      lock?.release();
    }
  });

  const look = async (path: string) => {
    const response = await browser.open(baseUrl + path);
    return { status: response.status, location: response.headers.get('location'), text: await response.text() };
  };
  const runScript = (service: string, script: string) => compose('exec', '-T', service, 'node', '-e', script);

  test('an export stores every resource of the practice', async () => {
    const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', {
      provider: 'athenahealth',
      practiceId: '195900',
      auth: { method: 'client_credentials' },
    });
    const { reason, stored } = await runMainJob({ api, connectionId, since: undefined, progress: () => undefined });
    expect(reason).toBeUndefined();
    const url = 'http://127.0.0.1:8080/_sim/types';
    const types = await runScript('ehr-simulator', `fetch('${url}').then((answer) => answer.text()).then(console.log)`);
    const counts = Object.values(JSON.parse(types) as Record<string, number>);
    expect(stored).toBe(counts.reduce((sum, count) => sum + count, 0));
    expect(stored).toBeGreaterThan(0);
  });

  test('Redis and MongoDB refuse commands without the password', async () => {
    const ping = `const socket = require('net').connect(6379, 'redis', () => socket.write('PING\\r\\n'));
      socket.on('data', (data) => { console.log(String(data)); socket.destroy(); });`;
    expect(await runScript('api', ping)).toMatch(/^-NOAUTH/);
    const uri = 'mongodb://mongodb:27017/bulkhead?directConnection=true';
    const migrate = compose('run', '--rm', '--env', `MONGODB_URI=${uri}`, 'api', 'node', 'dist/migrate.js');
    await expect(migrate).rejects.toThrow(/authentication/);
  });

  test('the user of the processes in MongoDB can only read and write their database', async () => {
    const address = await compose('port', 'mongodb', '27017');
    const uri = `mongodb://bulkhead:${mongodbPassword}@${address}/bulkhead?authSource=admin&directConnection=true`;
    await expectOnlyItsDatabase(uri);
  });

  test('the API serves the console and the queues, behind the log-in', async () => {
    expect(await look('/exports')).toMatchObject({ status: 302, location: '/login?next=%2Fexports' });
    expect(await look('/admin/queues')).toMatchObject({
      status: 302,
      location: '/login?next=%2Fadmin%2Fqueues',
    });
    expect(await look('/login')).toMatchObject({ status: 200, text: expect.stringContaining('name="key"') });
    expect((await browser.submit(`${baseUrl}/login`, { key: apiKey })).headers.get('location')).toBe('/');
    const page = await look('/exports');
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<div id="root">') });
    const [, script = ''] = /<script type="module"[^>]* src="([^"]+)"/.exec(page.text) ?? [];
    expect(await look(script)).toMatchObject({ status: 200 });
    expect(await look('/admin/queues')).toMatchObject({ status: 200, text: expect.stringContaining('Bull') });
  });

  test.each(['api', 'worker', 'ehr-simulator'])(
    'the %s has no privileges and cannot write to its file system',
    async (service) => {
      expect(await runScript(service, 'console.log(process.getuid())')).toBe('1000');
      const write = `try { require('fs').writeFileSync('/srv/x', ''); } catch ({ code }) { console.log(code) }`;
      expect(await runScript(service, write)).toBe('EROFS');
    },
  );

  test('the API and the workers shut down by themselves when they are stopped', async () => {
    await compose('stop', 'api', 'worker');
    const lines = (await compose('ps', '--all', '--format', 'json', 'api', 'worker')).split('\n');
    const ended = lines.map((line) => JSON.parse(line) as { Service: string; State: string; ExitCode: number });
    expect(ended.map(({ Service }) => Service).toSorted()).toEqual(['api', 'worker', 'worker']);
    for (const { State, ExitCode } of ended) expect({ State, ExitCode }).toEqual({ State: 'exited', ExitCode: 0 });
  });
});
