import { answerOf } from '@bulkhead/client';
import { type CommandGroup, command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { yes } from '../option.ts';

/** Users who are logged in with a browser. */
export const sessions: CommandGroup = {
  name: 'sessions',
  alias: 'session',
  summary: 'users who are logged in with a browser',
  commands: [
    command({
      name: 'list',
      summary: 'list the sessions that have not ended',
      examples: ['sessions list'],
      async run({ api, output }) {
        output.printList(await api.GET('/api/ehr/sessions'), {
          columns: {
            id: 'id',
            name: 'name',
            role: ({ personRole, role }) => personRole ?? role,
            'logged in': 'createdAt',
            active: 'lastSeenAt',
            ends: 'expiresAt',
          },
          empty: 'No sessions. Users appear here while they are logged in with a browser.',
        });
      },
    }),
    command({
      name: 'end',
      summary: 'end a session immediately',
      args: { id: 'the id of the session' },
      options: { yes },
      examples: ['sessions end 6b86b273 --yes'],
      async run(context, { id, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `end the session ${id}`, done: 'ended' });
        const params = { path: { id } };
        answerOf(await context.api.DELETE('/api/ehr/sessions/{id}', { params }));
      },
    }),
  ],
};
