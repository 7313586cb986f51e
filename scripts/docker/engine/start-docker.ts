import { startDockerEngine, whyNoDocker } from '@bulkhead/embedded';
import { pullBaseImages } from './base-images.ts';
import { callDocker, type DockerContext } from './call-docker.ts';
import { ensureCompose } from './ensure-compose.ts';
import { ensureDebian, makeStandIns } from './make-stand-ins.ts';

export interface Docker {
  /** The environment for clients of the engine. */
  readonly env: Readonly<Record<string, string>>;
  /** A description for the output. */
  readonly text: string;
  readonly stop: () => Promise<void>;
}

interface StartDockerOptions extends DockerContext {
  /** Resolves when the database engine is built, which a stand-in for MongoDB contains. */
  readonly engineBuilt: Promise<unknown>;
}

/** Returns an engine with what compose.yaml needs: the machine's engine, or one that is started for this run. */
export async function startDocker(options: StartDockerOptions): Promise<Docker | { readonly missing: string }> {
  const { env, progress } = options;
  if (!(await whyNoDocker(env))) return { env: {}, text: 'an engine answers', stop: async () => undefined };
  progress('starting an engine');
  const engine = await startDockerEngine(options);
  if ('missing' in engine) return engine;
  const forTests = {
    DOCKER_HOST: engine.host,
    // Debian 12's engine uses BuildKit only on request.
    DOCKER_BUILDKIT: '1',
    // This engine does not forward traffic of its containers.
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
  { env, progress, engineBuilt }: StartDockerOptions,
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
  const context = { env: withEngine, progress };
  if (await pullBaseImages(context)) return { env: all, text: 'an engine for this run;  base images pulled', stop };
  const base = await ensureDebian(context);
  await engineBuilt;
  const images = await makeStandIns({ ...context, base });
  return { env: { ...all, ...images.env }, text: `an engine for this run;  ${images.text}`, stop };
}

/** Fetches what `startDocker` needs and keeps, as far as that needs no database engine. */
export async function fetchForDocker(options: DockerContext): Promise<void> {
  if (!(await whyNoDocker(options.env))) return;
  const engine = await startDockerEngine(options);
  if ('missing' in engine) return;
  try {
    const context = { ...options, env: { ...options.env, DOCKER_HOST: engine.host } };
    await ensureCompose(context);
    if (!(await pullBaseImages(context))) await ensureDebian(context);
  } finally {
    await engine.stop();
  }
}

/** Removes what a killed run has left in the engine for tests. Otherwise its containers would start again. */
async function removeLeftovers(env: NodeJS.ProcessEnv): Promise<void> {
  const kinds = [
    { list: ['ps', '--all', '--quiet'], remove: ['rm', '--force', '--volumes'] },
    { list: ['network', 'ls', '--quiet', '--filter', 'type=custom'], remove: ['network', 'rm'] },
    { list: ['volume', 'ls', '--quiet'], remove: ['volume', 'rm'] },
    {
      list: ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=bulkhead-*:bulkhead-test-*'],
      remove: ['image', 'rm'],
    },
    { list: ['image', 'ls', '--quiet', '--filter', 'dangling=true'], remove: ['image', 'rm', '--force'] },
  ];
  for (const { list, remove } of kinds) {
    const ids = (await callDocker({ args: list, env })).split('\n').filter((line) => line !== '');
    if (ids.length > 0) await callDocker({ args: [...remove, ...new Set(ids)], env });
  }
}
