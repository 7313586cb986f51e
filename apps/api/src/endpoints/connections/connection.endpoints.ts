import {
  connectionAuthSchema,
  connectionBodySchema,
  connectionNameSchema,
  connectionOriginsSchema,
  connectionViewSchema,
  toConnectionView,
} from '@bulkhead/connections/commands';
import { endpointGroup } from '@bulkhead/http';
import { at, exportId, page, responseWith, success } from '@bulkhead/http/schemas';
import { toWatermarkView, watermarkViewSchema } from '@bulkhead/imports/export/commands';
import {
  connectionCountsSchema,
  connectionListQuerySchema,
  listedConnectionSchema,
} from '@bulkhead/monitoring/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { webhookEndpoints } from '../webhooks/webhook.endpoints.ts';
import { applyEndpoints } from './apply-connection.endpoint.ts';
import { connectionActions } from './connection.actions.ts';
import { connectionBodyExample, connectionExample, listedConnectionExample } from './connection.examples.ts';
import { getCapabilities } from './get-capabilities.endpoint.ts';
import { probeEndpoints } from './probe-connection.endpoint.ts';
import { providerEndpoints } from './provider.endpoints.ts';
import { testConnection, testDraft } from './test-connection.endpoint.ts';

const connectionResponse = responseWith(connectionViewSchema, connectionExample);

const createConnection = defineEndpoint({
  id: 'createConnection',
  route: 'POST /api/ehr/connections',
  action: connectionActions.create,
  idempotency: 'answer',
  summary: 'Add a connection',
  description:
    'Stores the credentials of one practice, and adds the default schedule of its vendor. Nothing is sent to the EHR: test the connection afterwards. Secrets are stored encrypted and never returned.',
  request: { body: { schema: connectionBodySchema, example: connectionBodyExample } },
  responses: { 201: connectionResponse('The connection was stored. Nothing was sent to the EHR') },
  errors: ['unknown-provider', 'connection-exists', 'connection-name-taken'],
  async handler({ body, services, audit }) {
    const connection = await services.connections.create(body);
    audit.target = {
      id: connection.id,
      provider: connection.provider,
      name: connection.name,
      connectionId: connection.id,
    };
    return { data: toConnectionView(connection), location: `/api/ehr/connections/${connection.id}` };
  },
});

const listConnections = defineEndpoint({
  id: 'listConnections',
  route: 'GET /api/ehr/connections',
  action: connectionActions.list,
  summary: 'List connections with their state',
  description:
    'Returns the connections that the key may use, without their secrets. Each has the result of its last test, its last export, how far it is behind, its next run and its problems.',
  request: { query: connectionListQuerySchema },
  responses: {
    200: page('A page of connections without their secrets', {
      item: listedConnectionSchema,
      example: [listedConnectionExample],
      hasTotal: true,
    }),
  },
  async handler({ query, caller: { scope }, services }) {
    const { items, next, total } = await services.connectionList.page(query, scope);
    return { data: items, next, total };
  },
});

const countConnections = defineEndpoint({
  id: 'countConnections',
  route: 'GET /api/ehr/connections/counts',
  action: connectionActions.list,
  summary: 'Count connections by their state',
  description: 'Counts the connections that the key may use by their status, their vendor and their problems.',
  responses: {
    200: success('The number of connections in each state', {
      data: connectionCountsSchema,
      example: {
        health: 'critical',
        total: 302,
        byStatus: { critical: 206, warning: 3, ok: 93, unchecked: 0 },
        byProvider: { athenahealth: 302 },
        problems: [
          { key: 'credentials', title: 'the EHR refuses the credentials', severity: 'critical', connections: 206 },
          { key: 'lag', title: 'Lag', severity: 'warning', connections: 3 },
        ],
      },
    }),
  },
  async handler({ caller: { scope }, services }) {
    return { data: await services.connectionList.counts(scope) };
  },
});

const getConnection = defineEndpoint({
  id: 'getConnection',
  route: 'GET /api/ehr/connections/:id',
  action: connectionActions.read,
  summary: 'Return a connection',
  description:
    'Returns one connection, without its secrets. `needsAuthorization` shows that a user must agree at the EHR, and `lastTest` has the result of the last test.',
  responses: { 200: connectionResponse('The connection without its secrets') },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toConnectionView(await services.connections.find({ id, scope })) };
  },
});

const renameConnection = defineEndpoint({
  id: 'renameConnection',
  route: 'PATCH /api/ehr/connections/:id',
  action: connectionActions.rename,
  summary: 'Rename a connection',
  description:
    'Changes the name that lists, pickers and the health report show. The id stays, so nothing that refers to the connection changes.',
  request: {
    body: {
      schema: z.strictObject({ name: connectionNameSchema.meta({ description: 'Unique in the deployment.' }) }),
      example: { name: 'Example practice' },
    },
  },
  responses: {
    200: success('The connection with its new name', {
      data: connectionViewSchema,
      example: {
        ...connectionExample,
        name: 'Example practice',
      },
    }),
  },
  errors: ['unknown-connection', 'connection-name-taken'],
  async handler({ params: { id }, body: { name }, caller: { scope }, services, audit }) {
    const { connection, isChanged } = await services.connections.rename({ id, scope, name });
    audit.addTarget({ name });
    audit.setChanged(isChanged);
    return { data: toConnectionView(connection) };
  },
});

const changeCredentials = defineEndpoint({
  id: 'changeCredentials',
  route: 'PUT /api/ehr/connections/:id/credentials',
  action: connectionActions.changeCredentials,
  summary: 'Replace the credentials of a connection',
  description:
    'Replaces the method and the credentials of a connection. Without a client secret, the present one stays if the client id and the token endpoint are the same. Access tokens of the former credentials are no longer used. Stored data, schedules and watermarks stay. Test the connection afterwards.',
  request: {
    body: {
      schema: z
        .strictObject({ auth: connectionAuthSchema.describe('The new credentials.') })
        .meta({ description: 'How the connection gets its access tokens from now on.' }),
      example: { auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'a-new-secret' } },
    },
  },
  responses: { 200: connectionResponse('The connection with the new credentials, without secrets') },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body: { auth }, caller: { scope }, services, audit }) {
    const connection = await services.connections.changeCredentials({ id, scope, body: auth });
    audit.addTarget({ name: connection.name });
    return { data: toConnectionView(connection) };
  },
});

const changeOrigins = defineEndpoint({
  id: 'changeOrigins',
  route: 'PUT /api/ehr/connections/:id/origins',
  action: connectionActions.changeOrigins,
  summary: 'Replace the origins that get the access token of a connection',
  description:
    'An EHR can refer to other origins than that of its FHIR endpoint, for the status of an export, its files or further pages. Requests that carry the access token go to no other origin than that of the FHIR endpoint and those that are allowed here, or by the provider. Retry what has failed afterwards.',
  request: {
    body: {
      schema: connectionOriginsSchema,
      example: { origins: ['https://files.example.org'], aliases: ['http://fhir.internal:8080'] },
    },
  },
  responses: {
    200: success('The connection with its origins', {
      data: connectionViewSchema,
      example: {
        ...connectionExample,
        origins: ['https://files.example.org'],
        aliases: ['http://fhir.internal:8080'],
      },
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body, caller: { scope }, services, audit }) {
    const { connection, isChanged } = await services.connections.changeOrigins({ id, scope, body });
    audit.addTarget({ name: connection.name, origins: body.origins.join(' '), aliases: body.aliases.join(' ') });
    audit.setChanged(isChanged);
    return { data: toConnectionView(connection) };
  },
});

const listWatermarks = defineEndpoint({
  id: 'listWatermarks',
  route: 'GET /api/ehr/connections/:id/watermarks',
  action: connectionActions.read,
  summary: 'List the watermarks: the time up to which each type is completely stored',
  description:
    'Returns the time up to which everything is stored, for each level and type. An export with `since: "last"` starts there. A type without a watermark was never stored completely.',
  request: { query: shortListQuery },
  responses: {
    200: page('One entry for each level and type', {
      item: watermarkViewSchema,
      example: [{ resourceType: 'Patient', level: 'Patient', until: at, deletionsUntil: at, exportId }],
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.bulkExports.watermarks({ id, scope }), query);
    return { data: items.map(toWatermarkView), next };
  },
});

export const connectionEndpoints = endpointGroup({
  name: 'Connections',
  description: 'The credentials of a practice at an EHR, and its webhook.',
  endpoints: [
    ...providerEndpoints,
    createConnection,
    listConnections,
    countConnections,
    getConnection,
    renameConnection,
    listWatermarks,
    testConnection,
    testDraft,
    ...applyEndpoints,
    changeCredentials,
    changeOrigins,
    getCapabilities,
    ...probeEndpoints,
    ...webhookEndpoints,
  ],
});
