import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { WaitStrategy } from 'testcontainers';
import type { RouteContext, RouteOutcome } from '../service-route.ts';
import { type DockerAddress, dockerAddress, whyDockerDoesNotAnswer } from './docker-address.ts';

export interface ContainerSpec {
  readonly context: RouteContext;
  readonly image: string;
  readonly command: readonly string[];
  readonly port: number;
  /** The folder in which the image keeps its data. */
  readonly dataPath: string;
  /** A file with the password. Arguments and variables of a container can be read by all who may use the engine. */
  readonly passwordFile?: { readonly target: string; readonly content: string } | undefined;
  /** A command in the container that creates the user of `passwordFile`. It may fail, if the server is not up or has the user. */
  readonly createUser?: readonly string[] | undefined;
  readonly url: (at: { host: string; port: number }) => string;
  readonly ping: (url: string) => Promise<void>;
}

/** Runs the Docker route of either service. */
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
  progress(`starting a container of ${spec.image} (pulling the image if it is missing)`);
  const { service } = await startContainer({ spec, address });
  return { outcome: 'running', service, why: `a Docker engine answers; image ${spec.image}` };
}

async function startContainer({ spec, address }: { spec: ContainerSpec; address: DockerAddress }) {
  const host = 'host' in address ? address.host : '127.0.0.1';
  let releaseGuardian: () => void = () => undefined;
  const container = await buildContainer({
    spec,
    address,
    wait: pingStrategy({ ping: (port) => spec.ping(spec.url({ host, port })), createUser: spec.createUser }),
    onCreated: (id) => {
      releaseGuardian = startContainerGuardian({ address, id });
    },
  });
  const started = await container.start();
  const url = spec.url({ host, port: started.getMappedPort(spec.port) });
  const stop = async () => {
    await started.stop({ timeout: spec.context.home.kept ? STOP_GRACE_MS : 0 });
    releaseGuardian();
  };
  return { service: { url, stop } };
}

// As for a server without a container: enough for its checkpoint.
const STOP_GRACE_MS = 4_000;

interface BuildContainerOptions {
  readonly spec: ContainerSpec;
  readonly address: DockerAddress;
  readonly wait: WaitStrategy;
  readonly onCreated: (id: string) => void;
}

async function buildContainer({ spec, address, wait, onCreated }: BuildContainerOptions) {
  // Imported here, because it takes half a second and most machines never get this far.
  const { GenericContainer } = await import('testcontainers');
  class LocalContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      // Publish the port only on this machine. By default testcontainers would open it to the whole network, without a password.
      if (!('socketPath' in address)) return;
      const bindings = (this.hostConfig.PortBindings ?? {}) as Record<string, { HostIp?: string }[]>;
      for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1';
    }
    protected override async containerCreated(id: string): Promise<void> {
      onCreated(id);
    }
  }
  const { home } = spec.context;
  // Other users of this machine cannot read it in the container, whose user is not known here.
  const files = spec.passwordFile ? [{ ...spec.passwordFile, mode: 0o644 }] : [];
  const container = new LocalContainer(spec.image)
    .withCommand([...spec.command])
    .withCopyContentToContainer(files)
    .withExposedPorts(spec.port)
    .withAutoCleanup(false)
    .withLabels({ [DATA_LABEL]: home.dataFolder })
    .withWaitStrategy(wait);
  if (!home.kept) return container;
  // Run as the current user. Otherwise the files in the data folder would belong to the image's user.
  return container
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withBindMounts([{ source: home.dataFolder, target: spec.dataPath, mode: 'rw' }]);
}

// A minute, as for a server without a container.
const READY_DEADLINE_MS = 60_000;
const PING_EVERY_MS = 50;
// The same number as for a server's own log.
const LOG_LINES = 12;

/**
 * Waits until the server answers. A published port accepts connections before the server listens, and testcontainers' own check
 * needs a shell in the image.
 */
function pingStrategy({
  ping,
  createUser,
}: {
  readonly ping: (hostPort: number) => Promise<void>;
  readonly createUser: readonly string[] | undefined;
}): WaitStrategy {
  let timeoutMs = READY_DEADLINE_MS;
  const strategy: WaitStrategy = {
    async waitUntilReady(container, boundPorts) {
      const deadlineMs = Date.now() + timeoutMs;
      for (;;) {
        try {
          return await ping(boundPorts.getFirstBinding());
        } catch (error) {
          const { State } = await container.inspect();
          if (!State.Running) throw await endedError({ container, exitCode: State.ExitCode, cause: error });
          if (Date.now() > deadlineMs) throw error;
          if (createUser) await runInside(container, createUser);
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

/** Waits until the command has ended. Its result does not matter. */
async function runInside(container: Container, command: readonly string[]): Promise<void> {
  const execution = await container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const output = await execution.start({});
  await finished(output.resume());
}

async function endedError({ container, exitCode, cause }: { container: Container; exitCode: number; cause: unknown }) {
  const log = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES });
  // Docker puts eight bytes before each line that are not text.
  const lines = log.toString('utf8').replace(/[^\t\n\x20-\x7e]/g, '');
  return new Error(`the container ended with code ${exitCode}. Its last lines:\n${lines.trim()}`, { cause });
}

/**
 * Testcontainers' own watchdog is a container that must be pulled and gets access to the engine's socket. This is a plain process
 * instead. Its standard input is a pipe from this process. When the pipe closes, it stops and removes the container.
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

/** @returns a function that releases the guardian after the container was stopped */
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

/** The label with the data folder that a container uses. */
const DATA_LABEL = 'bulkhead.data-folder';

/**
 * Removes the container of an earlier start that was killed. Its guardian needs a moment, and two servers on one data folder would
 * destroy it. The caller holds the folder's lock, so the found containers do not belong to a running start.
 */
async function removeLeftoverContainers({ address, dataFolder }: { address: DockerAddress; dataFolder: string }) {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${DATA_LABEL}=${dataFolder}`] }));
  const answer = await call({ address, method: 'GET', path: `/containers/json?all=true&filters=${filters}` });
  for (const { Id } of JSON.parse(answer) as { Id: string }[]) {
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
      // Ignore the status, because the guardian may have removed the container in the meantime.
      response.on('end', () => resolve(body));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
