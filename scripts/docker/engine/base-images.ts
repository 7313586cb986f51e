import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askDocker } from './ask-docker.ts';
import { type BaseImages, makeStandIns } from './make-stand-ins.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docker');

/** An image that the containers are made from: by default the one whose digest docker/Dockerfile or docker/compose.yaml names. */
const pin = /(BULKHEAD_(?:NODE|REDIS|MONGODB)_IMAGE)(?:=|:-)([^\s}]+)/g;

/** The images that docker/Dockerfile and docker/compose.yaml begin with, by the variables that replace them. */
export function baseImages(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const text = ['Dockerfile', 'compose.yaml'].map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  return new Map([...text.matchAll(pin)].map(([, name = '', image = '']) => [name, env[name] || image]));
}

/** A registry that can be reached has sent the smallest of them, Redis', by then. */
const probeMs = 20_000;
/** The largest, MongoDB's, is 300 MB. */
export const pullTimeoutMs = 300_000;

interface EnsureBaseImagesOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}

/** Pulls the base images, or makes stand-ins for them if no registry answers. */
export async function ensureBaseImages(options: EnsureBaseImagesOptions): Promise<BaseImages> {
  const { env, progress } = options;
  const images = [...baseImages(env).values()].toSorted((left) => (left.startsWith('redis') ? -1 : 1));
  try {
    for (const [index, image] of images.entries()) {
      progress(`pulling ${image}`);
      await askDocker({ args: ['pull', '--quiet', image], env, timeoutMs: index === 0 ? probeMs : pullTimeoutMs });
    }
    return { env: {}, text: 'base images pulled' };
  } catch {
    // The reason why they cannot be pulled would be the tests' reason, too.
    return await makeStandIns(options);
  }
}
