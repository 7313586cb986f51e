import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { baseImages, pullTimeoutMs } from './engine/base-images.ts';

const file = join(import.meta.dirname, '..', '..', 'docker', 'compose.yaml');

/** A local engine answers at once. An engine across a network gets this much time. */
const answerTimeoutMs = 10_000;

/**
 * @returns the reason why no container can be started here, or undefined. Takes only milliseconds without an engine.
 */
export function whyNoCompose(): string | undefined {
  const works = (args: readonly string[], timeout = answerTimeoutMs) =>
    spawnSync('docker', args, { timeout, stdio: 'ignore' }).status === 0;
  if (!works(['info'])) return 'no Docker engine answers';
  if (!works(['compose', 'version'])) return 'there is no `docker compose`';
  const missing = [...baseImages(process.env).values()].filter(
    (image) => !works(['image', 'inspect', image]) && !works(['pull', '--quiet', image], pullTimeoutMs),
  );
  return missing.length > 0 ? `these images are missing and cannot be pulled: ${missing.join(', ')}` : undefined;
}

/**
 * Runs `docker compose` in a separate project. COMPOSE_FILE adds files to ours if a build needs settings of its machine
 * (a proxy, a network).
 */
export function createCompose(env: Readonly<Record<string, string>>) {
  const all = { COMPOSE_FILE: file, ...process.env, ...env };
  /** @returns the output; throws with the whole output if it fails */
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

/** Removes our images with this tag. Their base images stay. */
export function removeImages(tag: string): void {
  const images = ['api', 'worker', 'ehr-simulator'].map((target) => `bulkhead-${target}:${tag}`);
  spawnSync('docker', ['image', 'rm', ...images], { stdio: 'ignore' });
}
