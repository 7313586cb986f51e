import { backendClientBodySchema, backendClientViewSchema, toBackendClientView } from '@bulkhead/access/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, page, responseWith, success } from '../common.schema.ts';

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
  action: 'client.create',
  idempotency: 'answer',
  access: 'operator',
  summary: 'Register a program that reads by SMART Backend Services',
  description:
    'Registers a FHIR or Bulk Data client with its public keys, or with the URL of them. It gets tokens at `POST /api/ehr/oauth/token` and reads the FHIR base URLs of its connections with them. Nothing secret is sent or stored. docs/how-to/serve-bulk-data.md shows how to connect a client.',
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
  action: 'client.list',
  access: 'operator',
  audited: false,
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
  action: 'client.read',
  access: 'operator',
  audited: false,
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
  action: 'client.revoke',
  access: 'operator',
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
