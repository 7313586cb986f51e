import { sessionViewSchema } from '@bulkhead/access/commands';
import { at, later, page } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../define-endpoint.ts';
import { sessionActions } from './access.actions.ts';

const sessionExample = {
  id: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  apiKeyId: 'user_9f86d081884c7d659a2feaa0c55ad015',
  name: 'Ann Admin',
  role: 'operator',
  personRole: 'admin',
  createdAt: at,
  lastSeenAt: at,
  expiresAt: later,
};

export const listSessions = defineEndpoint({
  id: 'listSessions',
  route: 'GET /api/ehr/sessions',
  action: sessionActions.list,
  summary: 'List the users who are logged in with a browser',
  description:
    'Returns the sessions that have not ended, of people and of keys. A role that is taken away at the identity provider counts from the next login: end the session of a person who has left.',
  request: { query: shortListQuery },
  responses: {
    200: page('A page of sessions, the newest first', { item: sessionViewSchema, example: [sessionExample] }),
  },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.sessions.list(), query, ({ id }) => id);
    return { data: items, next };
  },
});

export const endSession = defineEndpoint({
  id: 'endSession',
  route: 'DELETE /api/ehr/sessions/:id',
  action: sessionActions.end,
  summary: 'End a session',
  description:
    'Ends the session of a user at once: the next request of the browser gets 401. Streams of events that are open end within five minutes.',
  responses: { 204: { description: 'The session has ended' } },
  errors: ['unknown-session'],
  async handler({ params: { id }, services }) {
    await services.sessions.endListed(id);
    return {};
  },
});
