import { apiKeyRoles } from '@bulkhead/access';
import { ApiKeyService, apiKeyBodySchema } from '@bulkhead/access/commands';
import { z } from 'zod';
import { runCommand } from './cli/run-command.ts';

/** The fields of POST /api/ehr/api-keys, as command line options. */
const schema = z
  .object({
    name: z.string().default(''),
    role: z.enum(apiKeyRoles),
    connections: z.string().optional(),
    'expires-at': z.string().optional(),
    'expires-in-days': z.coerce.number().optional(),
    'requests-per-minute': z.coerce.number().optional(),
  })
  .transform(
    (values): z.input<typeof apiKeyBodySchema> => ({
      name: values.name,
      role: values.role,
      connectionIds: values.connections?.split(',').map((id) => id.trim()),
      expiresAt: values['expires-at'],
      expiresInDays: values['expires-in-days'],
      requestsPerMinute: values['requests-per-minute'],
    }),
  )
  .pipe(apiKeyBodySchema);

// Prints a new API key once. Only its hash is stored.
// Usage: node apps/api/src/create-api-key.ts --name NAME [--role client|operator] [--connections ID,ID]
//   [--expires-in-days N | --expires-at TIMESTAMP] [--requests-per-minute N]
await runCommand({
  name: 'create-api-key',
  usage:
    'create-api-key --name NAME [--role client|operator] [--connections ID,ID] [--expires-in-days N | --expires-at TIMESTAMP] [--requests-per-minute N]',
  options: {
    name: { type: 'string' },
    role: { type: 'string', default: 'client' },
    connections: { type: 'string' },
    'expires-at': { type: 'string' },
    'expires-in-days': { type: 'string' },
    'requests-per-minute': { type: 'string' },
  },
  schema,
  async run({ store, args }) {
    const { apiKey, key } = await new ApiKeyService({
      store,
      connectionExists: async (id) => (await store.connections.find(id)) !== undefined,
    }).create(args);
    console.log(key);
    return { exitCode: 0, target: { id: apiKey.id } };
  },
});
