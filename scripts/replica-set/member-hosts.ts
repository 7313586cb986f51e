import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, mongodbImage, spawnTethered, whyNoDocker } from '@bulkhead/embedded';

export interface Member {
  readonly log: string;
  readonly exited: Promise<unknown>;
  /** Sends SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>;
}

/** Where the members of a replica set run. They are reached on this machine's loopback address, on these ports. */
export interface MemberHost {
  readonly ports: readonly number[];
  start(index: number, setName: string): Promise<Member>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly ports: readonly number[];
}

/** @returns undefined if this machine has neither `mongod` nor Docker */
export async function findMemberHost(env: NodeJS.ProcessEnv): Promise<((place: Place) => MemberHost) | undefined> {
  if (findOnPath({ command: 'mongod', env })) return onPath;
  if (findOnPath({ command: 'docker', env }) && (await whyNoDocker(env)) === undefined) return inContainer;
  return undefined;
}

// Three caches of the default size, half of the memory each, would take the machine's memory.
const settings = (setName: string) => ['--replSet', setName, '--wiredTigerCacheSizeGB', '0.25'];

function onPath({ folder, ports }: Place): MemberHost {
  const running = new Map<number, Awaited<ReturnType<typeof spawnTethered>>>();
  const stop = async (index: number, options?: { readonly graceMs: number }) => {
    await running.get(index)?.stop(options);
    running.delete(index);
  };
  return {
    ports,
    async start(index, setName) {
      const data = join(folder, `member-${index + 1}`);
      const log = `${data}.log`;
      mkdirSync(data, { recursive: true });
      const address = ['--dbpath', data, '--port', String(ports[index]), '--bind_ip', '127.0.0.1'];
      const server = await spawnTethered({
        command: 'mongod',
        args: [...address, ...settings(setName)],
        output: { file: log },
      });
      running.set(index, server);
      return { log, exited: server.exited, kill: () => stop(index, { graceMs: 0 }) };
    },
    async stop() {
      await Promise.all([...running.keys()].map((index) => stop(index)));
    },
  };
}

/** If this program is killed with SIGKILL, its container ends after this time. No run takes longer. */
const longestSeconds = 86_400;

/** All members run in one container, so that each has the same address for the others as for this machine. */
function inContainer({ folder, ports }: Place): MemberHost {
  const name = `bulkhead-replica-set-${process.pid}`;
  const docker = (...args: string[]) => execFileSync('docker', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const published = ports.flatMap((port) => ['--publish', `127.0.0.1:${port}:${port}`]);
  const image = process.env.BULKHEAD_MONGODB_IMAGE || mongodbImage;
  docker('run', '--detach', '--rm', '--init', '--name', name, ...published, image, 'sleep', String(longestSeconds));
  const remove = () => void docker('rm', '--force', name);
  // After an error or a signal, too.
  process.once('exit', remove);
  return {
    ports,
    async start(index, setName) {
      const data = `/data/member-${index + 1}`;
      const pidFile = `${data}/mongod.pid`;
      docker('exec', name, 'mkdir', '-p', data);
      const address = ['--dbpath', data, '--port', String(ports[index]), '--bind_ip', '0.0.0.0'];
      const log = join(folder, `member-${index + 1}.log`);
      const server = await spawnTethered({
        command: 'docker',
        args: ['exec', name, 'mongod', ...address, ...settings(setName), '--pidfilepath', pidFile],
        output: { file: log },
      });
      return {
        log,
        exited: server.exited,
        async kill() {
          docker('exec', name, 'sh', '-c', `kill -9 "$(cat ${pidFile})"`);
          await server.exited;
        },
      };
    },
    async stop() {
      process.off('exit', remove);
      remove();
    },
  };
}
