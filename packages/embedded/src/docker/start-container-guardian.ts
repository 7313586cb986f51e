import { spawn } from 'node:child_process';
import type { DockerAddress } from './docker-address.ts';

/**
 * Testcontainers' own watchman is a container that must be pulled and gets the engine's socket. This is a plain process
 * instead: its standard input is a pipe to us, and when that closes it stops and removes the container.
 */
const SCRIPT = `
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
export function startContainerGuardian({ address, id }: { address: DockerAddress; id: string }): () => void {
  const guardian = spawn(process.execPath, ['-e', SCRIPT, JSON.stringify({ address, id })], {
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
