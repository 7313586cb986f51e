import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { baseImages, pullTimeoutMs } from './engine/base-images.ts';

const file = join(import.meta.dirname, '..', '..', 'docker', 'compose.yaml');

/** An engine that answers does so at once; one that has to be reached over a network has this long. */
const answerTimeoutMs = 10_000;

/** @returns why nothing can be started here, or undefined. Without an engine that takes milliseconds. */
export function whyNoCompose(): string | undefined {
  const works = (args: readonly string[], timeout = answerTimeoutMs) =>
    spawnSync('docker', args, { timeout, stdio: 'ignore' }).status === 0;
  if (!works(['info'])) return 'no Docker engine answers';
  if (!works(['compose', 'version'])) return 'there is no `docker compose`';
  const missing = [...baseImages(process.env).values()].filter(
    (image) => !works(['image', 'inspect', image]) && !works(['pull', '--quiet', image], pullTimeoutMs),
  );
  return missing.length > 0 ? `these images are neither here nor can they be had: ${missing.join(', ')}` : undefined;
}

/**
 * `docker compose` for a project of its own. COMPOSE_FILE adds files to ours where a build needs settings of its machine (a proxy,
 * a network).
 */
export function createCompose(env: Readonly<Record<string, string>>) {
  const all = { COMPOSE_FILE: file, ...process.env, ...env };
  /** @returns what it has printed; throws with all of it where it fails. */
  return function compose(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { env: all, maxBuffer: 64 * 1024 * 1024 };
      execFile('docker', ['compose', '--profile', 'simulator', ...args], options, (error, stdout, stderr) => {
        if (error) reject(new Error(`docker compose ${args.join(' ')}\n${stdout}\n${stderr}`));
        else resolve(stdout.trim());
      });
    });
  };
}

/** Ours of that tag; those that they are made of stay. */
export function removeImages(tag: string): void {
  const images = ['api', 'worker', 'ehr-simulator'].map((target) => `bulkhead-${target}:${tag}`);
  spawnSync('docker', ['image', 'rm', ...images], { stdio: 'ignore' });
}
