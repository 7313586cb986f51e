import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { waitForLock } from '../data/file-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';
import { EmbeddedError } from '../embedded.error.ts';
import { endLeftover, recordProcess } from '../processes/end-leftover.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { lastLogLines } from '../processes/server-process.ts';
import { spawnTethered, type Tethered } from '../processes/spawn-tethered.ts';
import { whyNoDocker } from './docker-address.ts';

export interface DockerEngine {
  /** The value for DOCKER_HOST. */
  readonly host: string;
  /** Stops the engine and its containers. Pulled and built images stay in the cache folder for its next start. */
  readonly stop: () => Promise<void>;
}

interface StartDockerEngineOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}

// An engine that was killed first checks its layers and ends its containers.
const READY_DEADLINE_MS = 60_000;
const PING_EVERY_MS = 50;
// Containers have 10 s to stop. If they depend on each other, the engine stops them one after another.
const STOP_GRACE_MS = 30_000;
// A run adds a few hundred MB of layers. This limit keeps the layers of the last runs.
const KEPT_LAYERS = '8GB';

/**
 * Starts an engine for a test run on its own socket, after installing Debian's package if there is none. It changes no firewall
 * rule and forwards nothing, so its containers can only reach each other.
 * @returns why there is no engine otherwise
 */
export async function startDockerEngine(
  options: StartDockerEngineOptions,
): Promise<DockerEngine | { readonly missing: string }> {
  const { env, progress } = options;
  const missing = await installEngine(options);
  if (missing) return { missing };
  const folder = join(cacheFolder(env), 'docker');
  const lock = await waitForLock({
    file: join(folder, 'engine.lock'),
    onWait: (owner) => progress(`waiting for process ${owner}, which uses the Docker engine`),
  });
  try {
    const { host, child } = await startDaemon({ folder, env });
    return {
      host,
      async stop() {
        await child.stop({ graceMs: STOP_GRACE_MS });
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @returns why no engine can be installed, or undefined if one is installed */
async function installEngine({ env, progress }: StartDockerEngineOptions): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can start a Docker engine';
  const commands = ['docker', 'dockerd', 'iptables'];
  if (commands.every((command) => findOnPath({ command, env }))) return undefined;
  const noApt = whyNoApt(env);
  if (noApt) return noApt;
  // The name service of a container network consists of firewall rules in its namespace, which need iptables.
  await installWithApt({ packages: ['docker.io', 'iptables'], context: { env, progress } });
  const still = commands.find((command) => !findOnPath({ command, env }));
  return still && `apt-get installed docker.io, but there is no ${still}`;
}

async function startDaemon({ folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv }) {
  const host = `unix://${join(folder, 'docker.sock')}`;
  const logFile = join(folder, 'dockerd.log');
  const processFile = join(folder, 'process.json');
  const settingsFile = join(folder, 'daemon.json');
  await mkdir(folder, { recursive: true });
  await writeFile(settingsFile, JSON.stringify(settingsOf({ folder, host })));
  await endLeftover(processFile);
  const child = await spawnTethered({
    command: 'dockerd',
    args: ['--config-file', settingsFile],
    env,
    output: { file: logFile },
    orphanGraceMs: STOP_GRACE_MS,
  });
  await recordProcess({ file: processFile, pid: child.pid });
  await waitUntilReady({ child, host, logFile });
  return { host, child };
}

function settingsOf({ folder, host }: { readonly folder: string; readonly host: string }) {
  return {
    hosts: [host],
    'data-root': join(folder, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'docker.pid'),
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
    builder: { gc: { enabled: true, defaultKeepStorage: KEPT_LAYERS } },
  };
}

async function waitUntilReady(options: { readonly child: Tethered; readonly host: string; readonly logFile: string }) {
  const { child, host, logFile: file } = options;
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const deadlineMs = Date.now() + READY_DEADLINE_MS;
  while (await whyNoDocker({ DOCKER_HOST: host })) {
    if (ended || Date.now() > deadlineMs) {
      await child.stop();
      const message = `dockerd did not start. The end of ${file}:\n${lastLogLines({ file })}`;
      throw new EmbeddedError({ code: 'SERVER_DID_NOT_START', message });
    }
    await delay(PING_EVERY_MS);
  }
}
