import { answerOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, list, wholeNumber } from '../add-command.ts';
import type { Environment } from '../context.ts';
import { toTable } from '../output.ts';

interface CreateOptions {
  readonly name: string;
  readonly role: 'client' | 'operator';
  readonly connections?: readonly string[];
  readonly days?: number;
  readonly perMinute?: number;
}

/** The API keys. */
export function addKeys(program: Command, environment: Environment): void {
  const keys = program.command('keys').description('API keys');
  addCommand(keys, {
    environment,
    definition: {
      usage: 'list',
      description: 'list all API keys, including revoked ones',
      async run({ api, output }) {
        const { data } = answerOf(await api.GET('/api/ehr/api-keys'));
        output.print(data, () =>
          toTable(data, {
            id: ({ id }) => id,
            name: ({ name }) => name,
            role: ({ role }) => role,
            begins: ({ prefix }) => prefix,
            used: ({ lastUsedAt }) => lastUsedAt,
            ends: ({ expiresAt, revokedAt }) => (revokedAt ? `revoked ${revokedAt}` : expiresAt),
          }),
        );
      },
    },
  });
  addCommand<CreateOptions>(keys, {
    environment,
    definition: {
      usage: 'create',
      description: 'create an API key, which is shown only once',
      options: (command) =>
        command
          .requiredOption('--name <name>', 'a name by which you recognise the key')
          .option('--role <role>', 'client or operator', 'client')
          .option('--connections <ids>', 'comma-separated connections that the key may use (default: all)', list)
          .option(
            '--days <n>',
            'days until the key expires (default: 90 for an operator, never for a client)',
            wholeNumber,
          )
          .option('--per-minute <n>', 'maximum number of requests per minute', wholeNumber),
      async run({ api, output }, _args, { name, role, connections, days, perMinute }) {
        const body = {
          name,
          role,
          ...(connections === undefined ? {} : { connectionIds: [...connections] }),
          ...(days === undefined ? {} : { expiresInDays: days }),
          ...(perMinute === undefined ? {} : { requestsPerMinute: perMinute }),
        };
        const { data } = answerOf(await api.POST('/api/ehr/api-keys', { body }));
        output.print(data, () => data.key);
      },
    },
  });
  addCommand(keys, {
    environment,
    definition: {
      usage: 'revoke <id>',
      description: 'revoke an API key immediately',
      async run({ api, output }, [id = '']) {
        const { data } = answerOf(await api.DELETE('/api/ehr/api-keys/{id}', { params: { path: { id } } }));
        output.print(data, () => '');
      },
    },
  });
}
