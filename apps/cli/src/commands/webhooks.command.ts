import { answerOf } from '@bulkhead/client';
import { type CommandGroup, choice, command, given, pages, required, text, yes } from '../command.ts';
import { confirm } from '../confirm.ts';
import { toFields } from '../output/output.ts';
import { withAdvice } from '../output/report-error.ts';

const connection = 'the id of the connection';

/** Calls of an address of yours when exports and syncs end. */
export const webhooks: CommandGroup = {
  name: 'webhooks',
  alias: 'webhook',
  summary: 'calls to your URL when exports and syncs end',
  commands: [
    command({
      name: 'set',
      summary:
        'set the webhook of a connection, and print the new secret that signs its calls; an earlier secret becomes invalid',
      args: { connection },
      options: { address: text('<url>', 'the URL to call (default: only the URLs in --callback)') },
      examples: ['webhooks set conn_1 --address https://client.example/bulkhead'],
      async run({ api, output }, { connection: id, address: url }) {
        const init = { params: { path: { id } }, body: given({ url }) };
        const answer = api.PUT('/api/ehr/connections/{id}/webhook', init);
        // A receiver that was given as `--url` is not the API.
        const advice = 'Pass the URL to call with --address.';
        output.printAnswer(await (url === undefined ? withAdvice(answer, advice) : answer), 'secret');
      },
    }),
    command({
      name: 'remove',
      summary: 'remove the webhook of a connection and its secret',
      args: { connection },
      options: { yes },
      examples: ['webhooks remove conn_1 --yes'],
      async run(context, { connection: id, yes: isConfirmed }) {
        await confirm(context, {
          yes: isConfirmed,
          what: `remove the webhook of ${id} and its secret`,
          done: 'removed',
        });
        answerOf(await context.api.DELETE('/api/ehr/connections/{id}/webhook', { params: { path: { id } } }));
      },
    }),
    command({
      name: 'deliveries',
      summary: 'list the calls of a connection, newest first',
      options: {
        connection: required(text('<id>', 'the connection of the calls')),
        state: choice('<state>', { of: ['pending', 'delivered', 'failed'], description: 'only calls with this state' }),
        ...pages('calls', 100),
      },
      examples: ['webhooks deliveries --connection conn_1 --state failed'],
      async run({ api, output }, { connection: connectionId, state, limit, cursor }) {
        const params = { query: given({ connectionId, state, limit, cursor }) };
        output.printList(await api.GET('/api/ehr/webhook-deliveries', { params }), {
          columns: {
            id: 'id',
            type: 'type',
            state: 'state',
            attempts: ({ attempts }) => attempts.length,
            last: ({ attempts }) => attempts.at(-1)?.error ?? attempts.at(-1)?.status,
            created: 'createdAt',
            url: 'url',
          },
          empty:
            state === undefined
              ? `No deliveries. Set a webhook with: bulkhead webhooks set ${connectionId} --address URL`
              : 'No deliveries have this state. Leave out --state to see all of them.',
        });
      },
    }),
    command({
      name: 'delivery',
      summary: 'show a call with its attempts',
      args: { id: 'the id of the delivery' },
      examples: ['webhooks delivery job_1.9.1f0c7b3a'],
      async run({ api, output }, { id }) {
        const params = { path: { id } };
        output.printAnswer(await api.GET('/api/ehr/webhook-deliveries/{id}', { params }), toFields);
      },
    }),
    command({
      name: 'resend',
      summary: 'call again',
      args: { id: 'the id of the delivery' },
      examples: ['webhooks resend job_1.9.1f0c7b3a'],
      async run({ api, output }, { id }) {
        const params = { path: { id } };
        output.printAnswer(await api.POST('/api/ehr/webhook-deliveries/{id}/resend', { params }), 'state');
      },
    }),
  ],
};
