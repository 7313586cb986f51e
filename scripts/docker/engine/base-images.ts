import { askDocker } from './ask-docker.ts';
import { makeStandIns } from './make-stand-ins.ts';

/** What the Dockerfile and compose begin with. */
export const baseImages = ['redis:7', 'mongo:8', 'node:26-slim'] as const;

/** A registry that can be reached has answered by then with the smallest of them. */
const probeMs = 20_000;
/** The largest, MongoDB's, is 300 MB. */
export const pullTimeoutMs = 300_000;

interface EnsureBaseImagesOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}

/** Has them pulled, or made where no registry answers. @returns which, for people. */
export async function ensureBaseImages(options: EnsureBaseImagesOptions): Promise<string> {
  const { env, progress } = options;
  try {
    for (const [index, image] of baseImages.entries()) {
      progress(`pulling ${image}`);
      await askDocker({ args: ['pull', '--quiet', image], env, timeoutMs: index === 0 ? probeMs : pullTimeoutMs });
    }
    return 'base images pulled';
  } catch {
    // Nothing to be had: whatever the reason is, it would be the tests' reason, too.
    return await makeStandIns(options);
  }
}
