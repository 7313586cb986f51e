import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Kills Redis and restarts it at once with its append-only file. */
export const restartRedisAction = serverOutage({ kind: 'restart-redis', servers: ['redis'], isLasting: false });

/** Kills MongoDB and restarts it at once with the writes that it had acknowledged. */
export const killMongodbAction = serverOutage({ kind: 'kill-mongodb', servers: ['mongodb'], isLasting: false });

/** Stops Redis for a while. */
export const redisOutageAction = serverOutage({ kind: 'redis-outage', servers: ['redis'], isLasting: true });

/** Stops MongoDB for a while. */
export const mongodbOutageAction = serverOutage({ kind: 'mongodb-outage', servers: ['mongodb'], isLasting: true });

/** Stops Redis and MongoDB for a while, as if their machine were down. The order of their restart is random. */
export const bothOutageAction = serverOutage({ kind: 'both-outage', servers: ['redis', 'mongodb'], isLasting: true });

/** Makes the primary of a replica set step down, as for its maintenance. */
export const stepDownMongodbAction = defineAction({
  kind: 'step-down-mongodb',
  mayFailExports: false,
  takesProcesses: false,
  run: ({ system, disrupt }) => disrupt(() => system.mongodb.stepDown?.()),
});

function serverOutage<Kind extends string>(options: {
  readonly kind: Kind;
  readonly servers: readonly ('redis' | 'mongodb')[];
  readonly isLasting: boolean;
}) {
  const { kind, servers: names, isLasting } = options;
  return defineAction({
    kind,
    mayFailExports: isLasting,
    takesProcesses: false,
    async run({ system, random, outageMs, disrupt }) {
      const servers = random.shuffle(names).map((name) => system[name]);
      await disrupt(async () => {
        await Promise.all(servers.map((server) => server.kill()));
        if (isLasting) await delay(outageMs);
        for (const server of servers) await server.restart();
      });
    },
  });
}
