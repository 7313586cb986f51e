import { z } from 'zod';
import { runCommand } from './run-command.ts';

// Run once per deployment, before the processes: creates collections and indexes. Running it again changes nothing.
// Usage: node apps/api/src/migrate.ts
await runCommand({
  name: 'migrate',
  usage: 'migrate',
  options: {},
  schema: z.object({}),
  async run({ store }) {
    await store.migrate();
    return { exitCode: 0 };
  },
});
