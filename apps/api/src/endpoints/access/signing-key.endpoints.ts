import { signingKeyBodySchema, signingKeyViewSchema } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint, endpointGroup } from '../../http/define-endpoint.ts';
import { at, success } from '../common.schema.ts';

const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

const signingKeyExample = { kid, alg: 'ES384', state: 'published', createdAt: at };

const createSigningKey = defineEndpoint({
  id: 'createSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.create',
  access: 'operator',
  audited: true,
  summary: 'Make a key pair, or bring one',
  description: 'It is published at once and signs after an hour, when servers have learnt of it.',
  request: { body: { schema: signingKeyBodySchema, example: { alg: 'ES384' } } },
  responses: { 201: { description: 'Published', schema: success(signingKeyViewSchema), example: signingKeyExample } },
  errors: [],
  async handler({ body, services, audit }) {
    const data = await services.signingKeys.create(body);
    audit.target = { kid: data.kid };
    return { data };
  },
});

const listSigningKeys = defineEndpoint({
  id: 'listSigningKeys',
  method: 'get',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.list',
  access: 'operator',
  audited: false,
  summary: 'Every signing key, retired ones too',
  responses: {
    200: { description: 'Keys', schema: success(z.array(signingKeyViewSchema)), example: [signingKeyExample] },
  },
  errors: [],
  async handler({ services }) {
    return { data: await services.signingKeys.list() };
  },
});

const activateSigningKey = defineEndpoint({
  id: 'activateSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys/:kid/activate',
  action: 'signing-key.activate',
  access: 'operator',
  audited: true,
  summary: 'Sign with a key from now on',
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
  summary: 'Sign with a key no more; it stays published while something that it signed lives',
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
  summary: 'Remove a key that was retired ten minutes ago or longer',
  responses: { 204: { description: 'Removed' } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    await services.signingKeys.delete(kid);
    return {};
  },
});

/** SMART servers keep the keys for this long. A new key is published an hour before it signs. */
const maxAgeSeconds = 300;
const contentType = 'application/jwk-set+json';

const jwksSchema = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'Jwks', description: 'RFC 7517; what EHRs verify our assertions with.' });

const jwksExample = { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid, x: '…', y: '…' }] };

/** EHRs verify our client assertions with these keys. */
const getJwks = defineEndpoint({
  id: 'getJwks',
  method: 'get',
  path: '/.well-known/jwks.json',
  access: 'anyone',
  summary: 'The public keys, for EHRs',
  responses: { 200: { description: 'Keys', schema: jwksSchema, contentType, example: jwksExample } },
  errors: ['unavailable'],
  async handler({ services, response }) {
    response.set('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    response.type(contentType).send(JSON.stringify(await services.signingKeys.jwks()));
  },
});

export const signingKeyEndpoints = endpointGroup({
  name: 'Signing keys',
  description: 'SMART Backend Services: what client assertions are signed with, and its public half.',
  endpoints: [createSigningKey, listSigningKeys, activateSigningKey, retireSigningKey, deleteSigningKey, getJwks],
});
