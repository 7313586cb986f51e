import { type CommandGroup, command, emptyList, given } from '../command.ts';
import { option, pages } from '../option.ts';

/** The calls that tell clients about ended exports and syncs. */
export const webhooks: CommandGroup = {
  name: 'webhooks',
  alias: 'webhook',
  summary: 'the calls that tell clients about ended exports and syncs',
  commands: [
    command({
      name: 'list',
      summary: 'list the URLs that are called, those that do not accept their calls first',
      options: { failing: option.flag('only those that did not accept a call'), ...pages('URLs', 100) },
      examples: ['webhooks list', 'webhooks list --failing'],
      async run({ api, output }, { failing, limit, cursor }) {
        const query = given({ failing: failing ? 'true' : undefined, limit, cursor });
        output.printList(await api.GET('/api/ehr/webhook-receivers', { params: { query } }), {
          columns: {
            connection: 'connectionId',
            url: 'url',
            delivered: 'delivered',
            'being repeated': 'repeated',
            failed: 'failed',
            'last delivery': 'lastDeliveredAt',
            'last failure': ({ lastFailure }) =>
              lastFailure && `${lastFailure.status ?? lastFailure.error} ${lastFailure.at}`,
          },
          empty: emptyList({
            names: 'receivers',
            filters: { failing },
            none: 'No webhooks. Set one with: bulkhead api PUT /api/ehr/connections/ID/webhook --field url=https://client.example/bulkhead',
          }),
        });
      },
    }),
    command({
      name: 'deliveries',
      summary: 'list the calls, the newest first',
      options: {
        connection: option.ofConnection('calls'),
        state: option.choice('<state>', {
          of: ['pending', 'repeated', 'delivered', 'failed'],
          description: 'only calls in this state',
        }),
        ...pages('calls', 100),
      },
      examples: ['webhooks deliveries --state failed'],
      async run({ api, output }, { connection: connectionId, state, limit, cursor }) {
        const query = given({ connectionId, state, limit, cursor });
        output.printList(await api.GET('/api/ehr/webhook-deliveries', { params: { query } }), {
          columns: {
            id: 'id',
            connection: 'connectionId',
            about: 'type',
            state: ({ state: of, attempts }) => (of === 'pending' && attempts.length > 0 ? 'being repeated' : of),
            attempts: ({ attempts }) => attempts.length,
            'last response': ({ attempts }) => attempts.at(-1)?.status ?? attempts.at(-1)?.error,
            created: 'createdAt',
          },
          empty: emptyList({ names: 'calls', filters: { connectionId, state }, none: 'No webhook calls.' }),
        });
      },
    }),
    command({
      name: 'resend',
      summary: 'send a call again',
      args: { id: 'the id of the call' },
      examples: ['webhooks resend wh_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.POST('/api/ehr/webhook-deliveries/{id}/resend', { params: { path } }), 'id');
      },
    }),
  ],
};
