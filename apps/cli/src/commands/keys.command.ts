import { type CommandGroup, command, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import { option, yes } from '../option.ts';

/** The API keys. */
export const keys: CommandGroup = {
  name: 'keys',
  alias: 'key',
  summary: 'API keys',
  commands: [
    command({
      name: 'list',
      summary: 'list all API keys, including revoked ones',
      examples: ['keys list'],
      async run({ api, output }) {
        output.printList(await api.GET('/api/ehr/api-keys'), {
          columns: {
            id: 'id',
            name: 'name',
            role: 'role',
            begins: 'prefix',
            used: 'lastUsedAt',
            ends: ({ expiresAt, revokedAt }) => (revokedAt ? `revoked ${revokedAt}` : expiresAt),
          },
          empty: 'No API keys. Create one with: bulkhead keys create --name NAME',
        });
      },
    }),
    command({
      name: 'create',
      summary: 'create an API key, which is shown only once',
      options: {
        name: option.required(option.text('<name>', 'a name by which you recognise the key')),
        role: option.withDefault(
          option.choice('<role>', { of: ['client', 'operator'], description: 'what the key may do' }),
          'client',
        ),
        connections: option.list('<ids>', 'comma-separated connections that the key may use (default: all)'),
        days: option.wholeNumber('<n>', 'days until the key expires (default: 90 for an operator, never for a client)'),
        expiresAt: option.instant('when the key expires, instead of --days'),
        perMinute: option.wholeNumber('<n>', 'maximum number of requests per minute'),
      },
      examples: ['keys create --name reporting --connections conn_1 --days 30'],
      async run({ api, output }, options) {
        const { connections: connectionIds, days: expiresInDays, perMinute: requestsPerMinute, ...others } = options;
        const body = given({ ...others, connectionIds, expiresInDays, requestsPerMinute });
        output.printAnswer(await api.POST('/api/ehr/api-keys', { body }), 'key');
      },
    }),
    command({
      name: 'revoke',
      summary: 'revoke an API key immediately',
      args: { id: 'the id of the key' },
      options: { yes },
      examples: ['keys revoke key_1 --yes'],
      async run(context, { id, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `revoke the API key ${id}`, done: 'revoked' });
        const params = { path: { id } };
        context.output.printAnswer(await context.api.DELETE('/api/ehr/api-keys/{id}', { params }), () => '');
      },
    }),
  ],
};
