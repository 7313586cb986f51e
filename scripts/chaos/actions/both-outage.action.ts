import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Redis and MongoDB are away for a while, as when their machine is; which is back first is left to chance. */
export const bothOutageAction = defineAction({
  kind: 'both-outage',
  mayFailExports: true,
  takesProcesses: false,
  async run({ system: { redis, mongodb }, random, outageMs, strike }) {
    const servers = random.shuffle([redis, mongodb]);
    await strike(async () => {
      await Promise.all(servers.map((server) => server.kill()));
      await delay(outageMs);
      for (const server of servers) await server.restart();
    });
  },
});
