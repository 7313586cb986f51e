import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callDocker, type DockerContext } from './call-docker.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docker');

/**
 * A base image of the containers. By default it is the one whose digest docker/Dockerfile or docker/compose.yaml names.
 */
const pin = /(BULKHEAD_(?:NODE|REDIS|MONGODB)_IMAGE)(?:=|:-)([^\s}]+)/g;

/** Returns the base images of docker/Dockerfile and docker/compose.yaml, by the variables that replace them. */
export function baseImages(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const text = ['Dockerfile', 'compose.yaml'].map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  return new Map([...text.matchAll(pin)].map(([, name = '', image = '']) => [name, env[name] || image]));
}

/** A reachable registry sends the smallest image, Redis, within this time. */
const probeMs = 20_000;
/** Long enough for the largest image, MongoDB, with 300 MB. */
export const pullTimeoutMs = 300_000;

/** Pulls the base images. @returns false if no registry answers */
export async function pullBaseImages({ env, progress }: DockerContext): Promise<boolean> {
  const images = [...baseImages(env).values()].toSorted((image) => (image.startsWith('redis') ? -1 : 1));
  try {
    for (const [index, image] of images.entries()) {
      progress(`pulling ${image}`);
      await callDocker({ args: ['pull', '--quiet', image], env, timeoutMs: index === 0 ? probeMs : pullTimeoutMs });
    }
    return true;
  } catch {
    // The tests could not pull the images for the same reason.
    return false;
  }
}
