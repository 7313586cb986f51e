import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type DockerAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** The address of a Docker engine: DOCKER_HOST, or the first of the usual sockets that exists. */
export function dockerAddress(env: NodeJS.ProcessEnv): DockerAddress | { readonly reason: string } {
  if (env.DOCKER_HOST) return fromDockerHost(env.DOCKER_HOST, env);
  const sockets = [
    '/var/run/docker.sock',
    env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'docker.sock') : '',
    join(homedir(), '.docker/run/docker.sock'),
  ];
  const socketPath = sockets.find((path) => path !== '' && existsSync(path));
  return socketPath ? { socketPath } : { reason: 'DOCKER_HOST is not set and there is no Docker socket' };
}

function fromDockerHost(dockerHost: string, env: NodeJS.ProcessEnv): DockerAddress | { readonly reason: string } {
  if (dockerHost.startsWith('unix://')) return { socketPath: dockerHost.slice('unix://'.length) };
  const { protocol, hostname, port } = new URL(dockerHost);
  if (protocol !== 'tcp:' || env.DOCKER_TLS_VERIFY) {
    return {
      reason: `a Docker engine behind ${protocol}// ${env.DOCKER_TLS_VERIFY ? 'with TLS ' : ''}is not supported`,
    };
  }
  return { host: hostname, port: Number(port || 2375) };
}

// A local engine answers within milliseconds. An engine that hangs must not delay the start.
const PROBE_TIMEOUT_MS = 2_000;

/** @returns why the engine does not answer, or undefined if it does */
export function whyDockerDoesNotAnswer(address: DockerAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = request({ ...address, path: '/_ping', timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `the Docker engine answers with status ${response.statusCode}`);
    });
    probe.on('timeout', () => probe.destroy(new Error('timed out')));
    probe.on('error', (error) => resolve(`no Docker engine answers (${error.message})`));
    probe.end();
  });
}

/** @returns why no Docker engine can be used on this machine, or undefined if one answers */
export async function whyNoDocker(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const address = dockerAddress(env);
  return 'reason' in address ? address.reason : await whyDockerDoesNotAnswer(address);
}
