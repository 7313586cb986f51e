import type { WaitStrategy } from 'testcontainers';
import type { RouteContext, RouteOutcome } from '../service-route.ts';
import { type DockerAddress, dockerAddress } from './docker-address.ts';
import { whyDockerDoesNotAnswer } from './docker-answers.ts';
import { pingStrategy } from './ping-strategy.ts';
import { DATA_LABEL, removeLeftoverContainers } from './remove-leftover-containers.ts';
import { startContainerGuardian } from './start-container-guardian.ts';

export interface ContainerSpec {
  readonly context: RouteContext;
  readonly image: string;
  readonly command: readonly string[];
  readonly port: number;
  /** Where the image keeps its data. */
  readonly dataPath: string;
  readonly url: (at: { host: string; port: number }) => string;
  readonly ping: (url: string) => Promise<void>;
}

/** The Docker route of either service. */
export async function attemptContainer(spec: ContainerSpec): Promise<RouteOutcome> {
  const { env, home, progress } = spec.context;
  const address = dockerAddress(env);
  if ('reason' in address) return { outcome: 'unavailable', reason: address.reason };
  if ('host' in address && home.kept) {
    return {
      outcome: 'unavailable',
      reason: 'the Docker engine is on another machine, which cannot keep data in a folder of this one',
    };
  }
  const silent = await whyDockerDoesNotAnswer(address);
  if (silent) return { outcome: 'unavailable', reason: silent };
  await removeLeftoverContainers({ address, dataFolder: home.dataFolder });
  progress(`starting a container of ${spec.image} (pulling it if it is not there)`);
  const { service } = await startContainer({ spec, address });
  return { outcome: 'running', service, why: `a Docker engine answers; image ${spec.image}` };
}

async function startContainer({ spec, address }: { spec: ContainerSpec; address: DockerAddress }) {
  const host = 'host' in address ? address.host : '127.0.0.1';
  let letGo: () => void = () => undefined;
  const container = await buildContainer({
    spec,
    address,
    wait: pingStrategy((port) => spec.ping(spec.url({ host, port }))),
    onCreated: (id) => {
      letGo = startContainerGuardian({ address, id });
    },
  });
  const started = await container.start();
  const url = spec.url({ host, port: started.getMappedPort(spec.port) });
  const stop = async () => {
    await started.stop({ timeout: spec.context.home.kept ? STOP_GRACE_MS : 0 });
    letGo();
  };
  return { service: { url, stop } };
}

// The same as for a server without a container: its checkpoint.
const STOP_GRACE_MS = 4_000;

interface BuildContainerOptions {
  readonly spec: ContainerSpec;
  readonly address: DockerAddress;
  readonly wait: WaitStrategy;
  readonly onCreated: (id: string) => void;
}

async function buildContainer({ spec, address, wait, onCreated }: BuildContainerOptions) {
  // Loaded here only: half a second, and most machines never get this far.
  const { GenericContainer } = await import('testcontainers');
  class LocalContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      // Published for this machine alone; testcontainers would open the port, without a password, to the whole network.
      if (!('socketPath' in address)) return;
      const bindings = (this.hostConfig.PortBindings ?? {}) as Record<string, { HostIp?: string }[]>;
      for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1';
    }
    protected override async containerCreated(id: string): Promise<void> {
      onCreated(id);
    }
  }
  const { home } = spec.context;
  const container = new LocalContainer(spec.image)
    .withCommand([...spec.command])
    .withExposedPorts(spec.port)
    .withAutoCleanup(false)
    .withLabels({ [DATA_LABEL]: home.dataFolder })
    .withWaitStrategy(wait);
  if (!home.kept) return container;
  // As ourselves, or the files in our folder would belong to the image's user.
  return container
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withBindMounts([{ source: home.dataFolder, target: spec.dataPath, mode: 'rw' }]);
}
