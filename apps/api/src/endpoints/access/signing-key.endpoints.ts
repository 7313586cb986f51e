import { signingKeyBodySchema, signingKeyViewSchema } from '@bulkhead/connections/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { defineEndpoint, endpointGroup } from '../../http/define-endpoint.ts';
import { at, page, success } from '../common.schema.ts';

const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

const signingKeyExample = { kid, alg: 'ES384', state: 'published', createdAt: at };

const createSigningKey = defineEndpoint({
  id: 'createSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.create',
  idempotency: 'answer',
  access: 'operator',
  audited: true,
  summary: 'Create a signing key, or import one',
  description: 'The key is published at once. It signs after an hour, when servers have read it.',
  request: { body: { schema: signingKeyBodySchema, example: { alg: 'ES384' } } },
  responses: { 201: { description: 'Published', schema: success(signingKeyViewSchema), example: signingKeyExample } },
  errors: [],
  async handler({ body, services, audit }) {
    const data = await services.signingKeys.create(body);
    audit.target = { kid: data.kid };
    return { data, location: `/api/ehr/signing-keys/${encodeURIComponent(data.kid)}` };
  },
});

const listSigningKeys = defineEndpoint({
  id: 'listSigningKeys',
  method: 'get',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.list',
  access: 'operator',
  audited: false,
  summary: 'List all signing keys, including retired keys',
  request: { query: z.strictObject(shortListQuery) },
  responses: {
    200: { description: 'Keys', schema: page(signingKeyViewSchema), example: [signingKeyExample] },
  },
  errors: [],
  async handler({ query, services }) {
    const { items: data, next } = pageOf(await services.signingKeys.list(), query, ({ kid: id }) => id);
    return { data, next };
  },
});

const getSigningKey = defineEndpoint({
  id: 'getSigningKey',
  method: 'get',
  path: '/api/ehr/signing-keys/:kid',
  action: 'signing-key.read',
  access: 'operator',
  audited: false,
  summary: 'Return a signing key and its state',
  responses: { 200: { description: 'The key', schema: success(signingKeyViewSchema), example: signingKeyExample } },
  errors: ['unknown-signing-key'],
  async handler({ params: { kid: id }, services }) {
    return { data: await services.signingKeys.get(id) };
  },
});

const activateSigningKey = defineEndpoint({
  id: 'activateSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys/:kid/activate',
  action: 'signing-key.activate',
  access: 'operator',
  audited: true,
  summary: 'Let a key sign from now on',
  request: { body: { isOptional: true } },
  responses: { 200: { description: 'Active', schema: success(signingKeyViewSchema), example: signingKeyExample } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.activate(kid) };
  },
});

const retireSigningKey = defineEndpoint({
  id: 'retireSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys/:kid/retire',
  action: 'signing-key.retire',
  access: 'operator',
  audited: true,
  summary: 'Stop signing with a key. It stays published until its assertions have expired',
  request: { body: { isOptional: true } },
  responses: { 200: { description: 'Retired', schema: success(signingKeyViewSchema), example: signingKeyExample } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.retire(kid) };
  },
});

const deleteSigningKey = defineEndpoint({
  id: 'deleteSigningKey',
  method: 'delete',
  path: '/api/ehr/signing-keys/:kid',
  action: 'signing-key.delete',
  access: 'operator',
  audited: true,
  summary: 'Delete a key that was retired at least ten minutes ago',
  responses: { 204: { description: 'Deleted' } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    await services.signingKeys.delete(kid);
    return {};
  },
});

/** SMART servers cache the keys for this long. A new key is published an hour before it signs. */
const maxAgeSeconds = 300;
const contentType = 'application/jwk-set+json';

const jwksSchema = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'Jwks', description: 'The public keys with which EHRs verify our client assertions (RFC 7517).' });

const jwksExample = { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid, x: '…', y: '…' }] };

/** EHRs verify our client assertions with these keys. */
const getJwks = defineEndpoint({
  id: 'getJwks',
  method: 'get',
  path: '/.well-known/jwks.json',
  access: 'anyone',
  summary: 'Return the public signing keys, for EHRs',
  responses: { 200: { description: 'Keys', schema: jwksSchema, contentType, example: jwksExample } },
  errors: ['unavailable'],
  async handler({ services, response }) {
    response.set('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    response.type(contentType).send(JSON.stringify(await services.signingKeys.jwks()));
  },
});

export const signingKeyEndpoints = endpointGroup({
  name: 'Signing keys',
  description: 'The keys that sign client assertions of SMART Backend Services, and their published public halves.',
  endpoints: [
    createSigningKey,
    listSigningKeys,
    getSigningKey,
    activateSigningKey,
    retireSigningKey,
    deleteSigningKey,
    getJwks,
  ],
});
