import { request } from 'node:http';
import type { DockerAddress } from './docker-address.ts';

// A local engine answers within milliseconds; one that hangs must not hold up the start.
const PROBE_TIMEOUT_MS = 2_000;

/** @returns why the engine does not answer; undefined if it does. */
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
