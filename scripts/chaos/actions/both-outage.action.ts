import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Stops Redis and MongoDB for a while, as if their machine were down. The order of their restart is random. */
export const bothOutageAction = defineAction({
  kind: 'both-outage',
  mayFailExports: true,
  takesProcesses: false,
  async run({ system: { redis, mongodb }, random, outageMs, disrupt }) {
    const servers = random.shuffle([redis, mongodb]);
    await disrupt(async () => {
      await Promise.all(servers.map((server) => server.kill()));
      await delay(outageMs);
      for (const server of servers) await server.restart();
    });
  },
});
