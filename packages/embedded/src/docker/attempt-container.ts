import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WaitStrategy } from 'testcontainers';
import type { RouteContext, RouteOutcome } from '../service-route.ts';
import { type DockerAddress, dockerAddress, whyDockerDoesNotAnswer } from './docker-address.ts';

export interface ContainerSpec {
  readonly context: RouteContext;
  readonly image: string;
  readonly command: readonly string[];
  readonly port: number;
  /** Where the image keeps its data. */
  readonly dataPath: string;
  readonly url: (at: { host: string; port: number }) => string;
  readonly ping: (url: string) => Promise<void>;
}

/** The Docker route of either service. */
export async function attemptContainer(spec: ContainerSpec): Promise<RouteOutcome> {
  const { env, home, progress } = spec.context;
  const address = dockerAddress(env);
  if ('reason' in address) return { outcome: 'unavailable', reason: address.reason };
  if ('host' in address && home.kept) {
    return {
      outcome: 'unavailable',
      reason: 'the Docker engine is on another machine, which cannot keep data in a folder of this one',
    };
  }
  const silent = await whyDockerDoesNotAnswer(address);
  if (silent) return { outcome: 'unavailable', reason: silent };
  await removeLeftoverContainers({ address, dataFolder: home.dataFolder });
  progress(`starting a container of ${spec.image} (pulling it if it is not there)`);
  const { service } = await startContainer({ spec, address });
  return { outcome: 'running', service, why: `a Docker engine answers; image ${spec.image}` };
}

async function startContainer({ spec, address }: { spec: ContainerSpec; address: DockerAddress }) {
  const host = 'host' in address ? address.host : '127.0.0.1';
  let letGo: () => void = () => undefined;
  const container = await buildContainer({
    spec,
    address,
    wait: pingStrategy((port) => spec.ping(spec.url({ host, port }))),
    onCreated: (id) => {
      letGo = startContainerGuardian({ address, id });
    },
  });
  const started = await container.start();
  const url = spec.url({ host, port: started.getMappedPort(spec.port) });
  const stop = async () => {
    await started.stop({ timeout: spec.context.home.kept ? STOP_GRACE_MS : 0 });
    letGo();
  };
  return { service: { url, stop } };
}

// The same as for a server without a container: its checkpoint.
const STOP_GRACE_MS = 4_000;

interface BuildContainerOptions {
  readonly spec: ContainerSpec;
  readonly address: DockerAddress;
  readonly wait: WaitStrategy;
  readonly onCreated: (id: string) => void;
}

async function buildContainer({ spec, address, wait, onCreated }: BuildContainerOptions) {
  // Loaded here only: half a second, and most machines never get this far.
  const { GenericContainer } = await import('testcontainers');
  class LocalContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      // Published for this machine alone; testcontainers would open the port, without a password, to the whole network.
      if (!('socketPath' in address)) return;
      const bindings = (this.hostConfig.PortBindings ?? {}) as Record<string, { HostIp?: string }[]>;
      for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1';
    }
    protected override async containerCreated(id: string): Promise<void> {
      onCreated(id);
    }
  }
  const { home } = spec.context;
  const container = new LocalContainer(spec.image)
    .withCommand([...spec.command])
    .withExposedPorts(spec.port)
    .withAutoCleanup(false)
    .withLabels({ [DATA_LABEL]: home.dataFolder })
    .withWaitStrategy(wait);
  if (!home.kept) return container;
  // As ourselves, or the files in our folder would belong to the image's user.
  return container
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withBindMounts([{ source: home.dataFolder, target: spec.dataPath, mode: 'rw' }]);
}

// A minute, as for a server without a container.
const READY_DEADLINE_MS = 60_000;
const PING_EVERY_MS = 50;
// As many as of a server's own log.
const LOG_LINES = 12;

/**
 * Ready when it answers. A published port accepts before anybody listens behind it, and testcontainers' own check wants a
 * shell in the image.
 */
function pingStrategy(ping: (hostPort: number) => Promise<void>): WaitStrategy {
  let timeoutMs = READY_DEADLINE_MS;
  const strategy: WaitStrategy = {
    async waitUntilReady(container, boundPorts) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        try {
          return await ping(boundPorts.getFirstBinding());
        } catch (error) {
          const { State } = await container.inspect();
          if (!State.Running) throw await endedError({ container, exitCode: State.ExitCode, cause: error });
          if (Date.now() > deadline) throw error;
        }
        await delay(PING_EVERY_MS);
      }
    },
    withStartupTimeout(ms) {
      timeoutMs = ms;
      return strategy;
    },
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => timeoutMs,
  };
  return strategy;
}

type Container = Parameters<WaitStrategy['waitUntilReady']>[0];

async function endedError({ container, exitCode, cause }: { container: Container; exitCode: number; cause: unknown }) {
  const log = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES });
  // Docker frames each line with eight bytes that are no text.
  const lines = log.toString('utf8').replace(/[^\t\n\x20-\x7e]/g, '');
  return new Error(`the container ended with code ${exitCode}. Its last lines:\n${lines.trim()}`, { cause });
}

/**
 * Testcontainers' own watchman is a container that must be pulled and gets the engine's socket. This is a plain process
 * instead: its standard input is a pipe to us, and when that closes it stops and removes the container.
 */
const GUARDIAN_SCRIPT = `
const http = require('node:http');
const { address, id } = JSON.parse(process.argv[1]);
const call = (method, path) => new Promise((done) => {
  const request = http.request({ ...address, method, path }, (response) => response.resume().on('end', done));
  request.on('error', done).end();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
let word = '';
process.stdin.on('data', (chunk) => { word += chunk; }).on('end', async () => {
  if (word !== '') process.exit(0);
  await call('POST', '/containers/' + id + '/stop?t=2');
  await call('DELETE', '/containers/' + id + '?force=true&v=true');
  process.exit(0);
});`;

/** @returns a function that lets the guardian go, for when the container was stopped in order. */
function startContainerGuardian({ address, id }: { address: DockerAddress; id: string }): () => void {
  const guardian = spawn(process.execPath, ['-e', GUARDIAN_SCRIPT, JSON.stringify({ address, id })], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  guardian.unref();
  (guardian.stdin as unknown as { unref?: () => void }).unref?.();
  guardian.on('error', () => undefined);
  guardian.stdin.on('error', () => undefined);
  return () => guardian.stdin.end('released');
}

/** Names the data folder that a container works on. */
const DATA_LABEL = 'bulkhead.data-folder';

/**
 * Removes the container of an earlier start that was killed: its guardian needs a moment, and two servers on one data
 * folder destroy it. The caller holds the folder's lock, so no living start owns what is found.
 */
async function removeLeftoverContainers({ address, dataFolder }: { address: DockerAddress; dataFolder: string }) {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${DATA_LABEL}=${dataFolder}`] }));
  const found = await call({ address, method: 'GET', path: `/containers/json?all=true&filters=${filters}` });
  for (const { Id } of JSON.parse(found) as { Id: string }[]) {
    await call({ address, method: 'POST', path: `/containers/${Id}/stop?t=2` });
    await call({ address, method: 'DELETE', path: `/containers/${Id}?force=true&v=true` });
  }
}

function call({ address, method, path }: { address: DockerAddress; method: string; path: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...address, method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      // Whatever the status: a container that the guardian has removed in the meantime is what was wanted.
      response.on('end', () => resolve(body));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
