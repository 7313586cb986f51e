import { apiKeyRoles, personRoles } from '@bulkhead/access';
import type { SessionService } from '@bulkhead/access/commands';
import { type Caller, endpointGroup, sessionCookie } from '@bulkhead/http';
import { connectionId, instant, success } from '@bulkhead/http/schemas';
import { viewOf } from '@bulkhead/store';
import type { Request } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { sessionActions } from './access.actions.ts';
import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from './api-keys.endpoint.ts';
import { downloadAuditEvents, listAuditEvents, verifyAuditEvents } from './audit-events.endpoint.ts';
import {
  createClientSecret,
  deleteClientSecret,
  getClient,
  listClients,
  registerClient,
  revokeClient,
} from './clients.endpoint.ts';
import { endSession, listSessions } from './sessions.endpoint.ts';

const sessionSchema = z
  .strictObject({
    apiKeyId: z.string().describe('The public id of the key, or the id of the person, which begins with `user_`.'),
    name: z.string().describe('A name by which people recognise the key.'),
    role: z.enum(apiKeyRoles).describe('`client` or `operator`.'),
    personRole: z
      .enum(personRoles)
      .optional()
      .describe(
        'The role of a person who has logged in at the identity provider. A `viewer` changes nothing, and keys, credentials and erasures are for an `admin`. Absent for a key.',
      ),
    connectionIds: z
      .array(z.string())
      .optional()
      .describe('The only connections that the key may use. Absent if it may use all of them.'),
    via: z
      .enum(['session', 'api-key'])
      .describe('How the caller is authenticated: by the `api-key` itself, or by a browser `session` of it.'),
    expiresAt: instant
      .optional()
      .describe('When the key or the session ends, whichever is earlier. Absent if neither does.'),
  })
  .meta({
    id: 'Session',
    description: 'The API key of the caller. Without `connectionIds` it may use all connections.',
  });

const sessionExample = {
  apiKeyId: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  connectionIds: [connectionId],
  via: 'session',
  expiresAt: '2026-11-25T02:05:17.511Z',
};

/** The console shows the user who is logged in, and hides actions that the key may not perform. */
const getSession = defineEndpoint({
  id: 'getSession',
  route: 'GET /api/ehr/session',
  action: sessionActions.read,
  summary: 'Return the API key of the caller, and when the key or the session expires',
  description:
    'Returns which key authenticates the request, what it may do and when it ends. Use it to check a key before a long job.',
  responses: { 200: success('The API key of the caller', { data: sessionSchema, example: sessionExample }) },
  async handler({ caller, services: { sessions }, request }) {
    const { id: apiKeyId, name, role, personRole, connectionIds } = caller.apiKey;
    // A client with a token is refused here.
    const via = caller.via === 'session' ? 'session' : 'api-key';
    const expiresAt = await endOf({ caller, sessions, request });
    const data = viewOf(sessionSchema, { apiKeyId, name, role, personRole, connectionIds, via, expiresAt });
    return { data };
  },
});

/** The earlier end of the session and its key. */
async function endOf(options: {
  readonly caller: Caller;
  readonly sessions: SessionService;
  readonly request: Request;
}): Promise<Date | undefined> {
  const { caller, sessions, request } = options;
  const { apiKey, via } = caller;
  const id = via === 'session' ? sessionCookie.read(request) : undefined;
  const ends = [apiKey.expiresAt, id === undefined ? undefined : await sessions.endOf(id)];
  const [first] = ends.filter((end) => end !== undefined).toSorted((left, right) => left.getTime() - right.getTime());
  return first;
}

export const accessEndpoints = endpointGroup({
  name: 'Access',
  description: 'API keys and the audit log: who may call the API, and who did what.',
  endpoints: [
    getSession,
    listSessions,
    endSession,
    createApiKey,
    listApiKeys,
    getApiKey,
    revokeApiKey,
    registerClient,
    listClients,
    getClient,
    revokeClient,
    createClientSecret,
    deleteClientSecret,
    listAuditEvents,
    downloadAuditEvents,
    verifyAuditEvents,
  ],
});
