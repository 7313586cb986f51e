import { backendClientBodySchema, backendClientViewSchema, toBackendClientView } from '@bulkhead/access/commands';
import { at, connectionId, page, responseWith, success } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { clientActions } from './access.actions.ts';

const clientExample = {
  id: 'client_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'warehouse',
  scope: 'system/*.read',
  connectionIds: [connectionId],
  jwksUrl: 'https://warehouse.example/jwks.json',
  createdAt: at,
};
const clientResponse = responseWith(backendClientViewSchema, clientExample);

export const registerClient = defineEndpoint({
  id: 'registerClient',
  route: 'POST /api/ehr/clients',
  action: clientActions.create,
  idempotency: 'answer',
  summary: 'Register a program that reads by SMART Backend Services',
  description:
    'Registers a FHIR or Bulk Data client with its public keys, or with the URL of them. It gets tokens at `POST /api/ehr/oauth/token` and reads the FHIR base URLs of its connections with them. Nothing secret is sent or stored. A program that can only send a secret is registered with `usesSecret`, and gets one with `POST /api/ehr/clients/{id}/secrets`. docs/how-to/serve-bulk-data.md shows how to connect a client.',
  request: {
    body: {
      schema: backendClientBodySchema,
      example: { name: 'warehouse', scope: 'system/*.read', jwksUrl: 'https://warehouse.example/jwks.json' },
    },
  },
  responses: {
    201: success('The client, with its `client_id`', { data: backendClientViewSchema, example: clientExample }),
  },
  async handler({ body, services, audit }) {
    const client = await services.backendClients.create(body);
    audit.target = { id: client.id };
    return { data: toBackendClientView(client), location: `/api/ehr/clients/${client.id}` };
  },
});

export const listClients = defineEndpoint({
  id: 'listClients',
  route: 'GET /api/ehr/clients',
  action: clientActions.list,
  summary: 'List the registered clients, including revoked ones',
  description: 'Returns all clients in the order of their registration. `lastUsedAt` shows which are no longer used.',
  request: { query: shortListQuery },
  responses: {
    200: page('A page of clients, oldest first', { item: backendClientViewSchema, example: [clientExample] }),
  },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.backendClients.list(), query, ({ id }) => id);
    return { data: items.map(toBackendClientView), next };
  },
});

export const getClient = defineEndpoint({
  id: 'getClient',
  route: 'GET /api/ehr/clients/:id',
  action: clientActions.read,
  summary: 'Return a client',
  description: 'Returns what the client may read, its public keys, and when it last got a token.',
  responses: { 200: clientResponse('What the client may read, and its public keys') },
  errors: ['unknown-client'],
  async handler({ params: { id }, services }) {
    return { data: toBackendClientView(await services.backendClients.get(id)) };
  },
});

export const revokeClient = defineEndpoint({
  id: 'revokeClient',
  route: 'DELETE /api/ehr/clients/:id',
  action: clientActions.revoke,
  summary: 'Revoke a client',
  description: 'Ends a client and its tokens at once. It stays in the list, and it cannot be used again.',
  responses: { 200: clientResponse('The client with the time when it was revoked') },
  errors: ['unknown-client'],
  async handler({ params: { id }, services, audit }) {
    const { client, isChanged } = await services.backendClients.revoke(id);
    audit.setChanged(isChanged);
    return { data: toBackendClientView(client) };
  },
});

const secretSchema = z
  .strictObject({
    id: z.string().describe('The id of the secret.'),
    secret: z.string().describe('The secret itself. It cannot be read again.'),
    createdAt: z.iso.datetime().describe('When the secret was created.'),
  })
  .meta({ id: 'ClientSecret', description: 'A new secret of a client.' });

export const createClientSecret = defineEndpoint({
  id: 'createClientSecret',
  route: 'POST /api/ehr/clients/:id/secrets',
  action: clientActions.createSecret,
  idempotency: 'secret',
  summary: 'Give a client a secret',
  description:
    'Creates a secret for a program that cannot sign assertions. It sends the secret to `POST /api/ehr/oauth/token` with HTTP Basic or in the form. Only its hash is stored. A client may have two secrets: create the second one, give it to the client, and delete the first one.',
  responses: {
    201: success('The secret, which is shown only once', {
      data: secretSchema,
      example: { id: 'secret_01a20ebbc9477ed4b36076ce74bec9ba', secret: 'bhs_...', createdAt: at },
    }),
  },
  errors: ['unknown-client', 'too-many-client-secrets'],
  async handler({ params: { id }, services, audit }) {
    const created = await services.backendClients.createSecret(id);
    audit.target = { id };
    return { data: viewOf(secretSchema, created), location: `/api/ehr/clients/${id}` };
  },
});

export const deleteClientSecret = defineEndpoint({
  id: 'deleteClientSecret',
  route: 'DELETE /api/ehr/clients/:id/secrets/:secretId',
  action: clientActions.deleteSecret,
  summary: 'Delete a secret of a client',
  description:
    'The secret stops working at once. Tokens that the client has got with it work until they expire, for five minutes at most.',
  responses: { 200: clientResponse('The client, without the secret') },
  errors: ['unknown-client', 'unknown-client-secret'],
  async handler({ params: { id: clientId, secretId: id }, services }) {
    return { data: toBackendClientView(await services.backendClients.deleteSecret({ clientId, id })) };
  },
});
