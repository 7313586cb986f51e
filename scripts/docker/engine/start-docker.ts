import { startDockerEngine, whyNoDocker } from '@bulkhead/embedded';
import { ensureBaseImages } from './base-images.ts';
import { ensureCompose } from './ensure-compose.ts';
import { removeLeftovers } from './remove-leftovers.ts';

export interface Docker {
  /** For whoever speaks to the engine. */
  readonly env: Readonly<Record<string, string>>;
  /** What there is, for people. */
  readonly text: string;
  readonly stop: () => Promise<void>;
}

interface StartDockerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}

/** An engine that answers, with what compose.yaml needs: the machine's, or one that is started for this run. */
export async function startDocker(options: StartDockerOptions): Promise<Docker | { readonly missing: string }> {
  const { env, progress } = options;
  if (!(await whyNoDocker(env))) return { env: {}, text: 'an engine answers', stop: async () => undefined };
  progress('starting an engine');
  const engine = await startDockerEngine(options);
  if ('missing' in engine) return engine;
  const forTests = {
    DOCKER_HOST: engine.host,
    // Of Debian 12's engine it has to be asked for.
    DOCKER_BUILDKIT: '1',
    // Nothing is forwarded to or from its containers.
    BULKHEAD_BUILD_NETWORK: 'host',
  };
  try {
    return await equip({ forTests, stop: engine.stop }, options);
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

async function equip(
  engine: { readonly forTests: Readonly<Record<string, string>>; readonly stop: () => Promise<void> },
  { env, progress }: StartDockerOptions,
): Promise<Docker | { readonly missing: string }> {
  const { forTests, stop } = engine;
  const compose = await ensureCompose({ env: { ...env, ...forTests }, progress });
  if ('missing' in compose) {
    await stop();
    return compose;
  }
  const all = { ...forTests, ...compose.env };
  const withEngine = { ...env, ...all };
  await removeLeftovers(withEngine);
  const images = await ensureBaseImages({ env: withEngine, progress });
  return { env: { ...all, ...images.env }, text: `an engine of its own; ${images.text}`, stop };
}
