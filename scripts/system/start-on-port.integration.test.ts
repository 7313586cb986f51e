import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { type ScriptedServer, startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { nextFreePort } from './next-free-port.ts';
import { type PortSpawn, type StartedOnPort, startOnPort } from './start-on-port.ts';

let folder: string;
let servers: ScriptedServer[];
let started: StartedOnPort[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-port-'));
  servers = [];
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map(({ child }) => child.stop()));
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts as the apps do. */
const app = `
  import { createServer } from 'node:http';
  const body = JSON.stringify({ status: 'alive', instance: process.env.BULKHEAD_INSTANCE_ID });
  const server = createServer((_, response) => response.end(body));
  server.listen(Number(process.env.PORT), process.env.HOST, () => process.send({ port: server.address().port }));`;

async function start({
  script = app,
  wanted,
  host = '127.0.0.1',
  before = async () => undefined,
}: {
  readonly script?: string;
  readonly wanted: number;
  readonly host?: string;
  /** Called after the port was found free and before the child is spawned. */
  readonly before?: (port: number) => Promise<unknown>;
}): Promise<StartedOnPort> {
  const logFile = join(folder, 'app.log');
  const file = join(folder, 'app.mjs');
  writeFileSync(file, script);
  const spawn = async ({ port, env, onMessage }: PortSpawn) => {
    await before(port);
    return spawnTethered({
      command: process.execPath,
      args: [file],
      env: { PATH: process.env.PATH, PORT: String(port), HOST: host, ...env },
      output: { file: logFile },
      onMessage,
    });
  };
  const result = await startOnPort({ name: 'app', logFile, wanted, spawn });
  started.push(result);
  return result;
}

/** Starts another program on the port. It answers like an app that was started by another process. */
async function takePort(port: number): Promise<void> {
  servers.push(await startScriptedServer({ '*': { body: { status: 'alive', instance: 'other' } } }, { port }));
}

const anyPort = async () => {
  const probe = await startScriptedServer(() => undefined);
  await probe.stop();
  return Number(new URL(probe.url).port);
};

test('startOnPort starts a child on the wanted port if that is free', async () => {
  const wanted = await nextFreePort({ wanted: await anyPort() });
  expect((await start({ wanted })).port).toBe(wanted);
});

test('startOnPort starts the child on another port if a program takes the wanted one before the child binds it', async () => {
  const wanted = await anyPort();
  const before = async (port: number) => {
    if (servers.length === 0) await takePort(port);
  };
  const { port } = await start({ wanted, before });
  expect(port).not.toBe(wanted);
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toMatchObject({ status: 'alive' });
});

test('startOnPort does not mistake another program that answers on one address of the port for the child', async () => {
  const wanted = await anyPort();
  const before = async (port: number) => {
    if (servers.length === 0) await takePort(port);
  };
  // The child binds the port on another address. On some systems, a server that listens on all addresses can do the same.
  const script = app.replace(
    'process.env.HOST,',
    "process.env.PORT === process.env.TAKEN ? '127.0.0.2' : '127.0.0.1',",
  );
  const { port } = await start({ wanted, before, script: script.replace('process.env.TAKEN', `'${wanted}'`) });
  expect(port).not.toBe(wanted);
});

test('startOnPort throws an error with the last lines of the log if the child exits at start-up', async () => {
  const script = "console.error('The environment is not usable:\\n  - REDIS_URL: missing'); process.exit(3);";
  const starting = start({ script, wanted: await anyPort() });
  await expect(starting).rejects.toThrow(/^app ended with exit code 3\. [\s\S]*\n {2}- REDIS_URL: missing$/);
});
