import { parseArgs } from 'node:util';
import { apiKeyRoles } from '@bulkhead/store';
import { runCommand } from './run-command.ts';

// Prints a new API key once; only its hash is kept.
// Usage: node apps/api/src/create-api-key.ts --name NAME [--role client|operator]
await runCommand({
  usage: 'create-api-key --name NAME [--role client|operator]',
  readArguments() {
    const { values } = parseArgs({
      options: { name: { type: 'string' }, role: { type: 'string', default: 'client' } },
    });
    const role = apiKeyRoles.find((one) => one === values.role);
    return values.name && role ? { name: values.name, role } : undefined;
  },
  async run({ store, args }) {
    console.log(await store.apiKeys.create({ ...args, now: new Date() }));
    return 0;
  },
});
