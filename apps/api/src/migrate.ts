import { z } from 'zod';
import { runCommand } from './cli/run-command.ts';

// Run once per deployment, before the processes: creates collections and indexes, and derives the search keys of stored resources
// if this version derives them differently. Running it again changes nothing; an interrupted run continues where it stopped.
// Usage: node apps/api/src/migrate.ts [--rederive-keys]
await runCommand({
  name: 'migrate',
  usage: 'migrate [--rederive-keys]',
  options: { 'rederive-keys': { type: 'boolean', default: false } },
  schema: z.object({ 'rederive-keys': z.boolean() }),
  async run({ store, args }) {
    const { resources } = await store.migrate({ rederivesKeys: args['rederive-keys'] });
    if (resources > 0) console.log(`Derived the search keys of ${resources} stored resources.`);
    return { exitCode: 0 };
  },
});
