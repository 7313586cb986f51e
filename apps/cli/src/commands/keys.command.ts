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

/** Who may call the API. */
export function addKeys(program: Command, environment: Environment): void {
  const keys = program.command('keys').description('API keys');
  addCommand(keys, {
    environment,
    definition: {
      usage: 'list',
      description: 'every key, revoked ones too',
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
      description: 'make one; it is shown this once',
      options: (command) =>
        command
          .requiredOption('--name <name>', 'to recognise it by')
          .option('--role <role>', 'client or operator', 'client')
          .option('--connections <ids>', 'only these, with commas', list)
          .option(
            '--days <n>',
            "how long it works (default: an operator's key 90 days, a client's without end)",
            wholeNumber,
          )
          .option('--per-minute <n>', 'requests', wholeNumber),
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
      description: 'end one at once',
      async run({ api, output }, [id = '']) {
        const { data } = answerOf(await api.DELETE('/api/ehr/api-keys/{id}', { params: { path: { id } } }));
        output.print(data, () => '');
      },
    },
  });
}
