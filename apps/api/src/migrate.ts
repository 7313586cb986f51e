import { z } from 'zod';
import { runCommand } from './cli/run-command.ts';

// Run once per deployment, before the processes: creates collections and indexes, derives the search keys of stored resources
// if this version derives them differently, and removes fields that are no longer stored. Running it again changes nothing; an
// interrupted run continues where it stopped. With --rederive-keys, stored resources are changed again.
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
