import { signingKeyBodySchema, signingKeyViewSchema } from '@bulkhead/connections/commands';
import { anyone, endpointGroup } from '@bulkhead/http';
import { at, page, responseWith } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { signingKeyActions } from './access.actions.ts';

const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

const signingKeyExample = { kid, alg: 'ES384', state: 'published', createdAt: at };

const signingKeyResponse = responseWith(signingKeyViewSchema, signingKeyExample);

const createSigningKey = defineEndpoint({
  id: 'createSigningKey',
  route: 'POST /api/ehr/signing-keys',
  action: signingKeyActions.create,
  idempotency: 'answer',
  summary: 'Create a signing key, or import one',
  description: 'The key is published at once. It signs after an hour, when servers have read it.',
  request: { body: { schema: signingKeyBodySchema, example: { alg: 'ES384' } } },
  responses: { 201: signingKeyResponse('The key was published, and signs after an hour') },
  async handler({ body, services, audit }) {
    const data = await services.signingKeys.create(body);
    audit.target = { kid: data.kid };
    return { data, location: `/api/ehr/signing-keys/${encodeURIComponent(data.kid)}` };
  },
});

const listSigningKeys = defineEndpoint({
  id: 'listSigningKeys',
  route: 'GET /api/ehr/signing-keys',
  action: signingKeyActions.list,
  summary: 'List all signing keys, including retired keys',
  description:
    'Returns the keys with which this deployment signs its client assertions, in the order of their creation, without their private halves.',
  request: { query: shortListQuery },
  responses: {
    200: page('A page of signing keys, oldest first, without their private halves', {
      item: signingKeyViewSchema,
      example: [signingKeyExample],
    }),
  },
  async handler({ query, services }) {
    const { items: data, next } = pageOf(await services.signingKeys.list(), query, ({ kid: id }) => id);
    return { data, next };
  },
});

const getSigningKey = defineEndpoint({
  id: 'getSigningKey',
  route: 'GET /api/ehr/signing-keys/:kid',
  action: signingKeyActions.read,
  summary: 'Return a signing key and its state',
  description: 'Returns the algorithm and the state of one key, without its private half.',
  responses: { 200: signingKeyResponse('The public data and the state of the key') },
  errors: ['unknown-signing-key'],
  async handler({ params: { kid: id }, services }) {
    return { data: await services.signingKeys.get(id) };
  },
});

const activateSigningKey = defineEndpoint({
  id: 'activateSigningKey',
  route: 'POST /api/ehr/signing-keys/:kid/activate',
  action: signingKeyActions.activate,
  summary: 'Let a key sign from now on',
  description:
    'Lets a published key sign without the wait of an hour. Use it when every EHR is known to have read the key set, for example because you registered the key there.',
  request: { body: { isOptional: true } },
  responses: { 200: signingKeyResponse('The key, which signs from now on') },
  errors: ['unknown-signing-key', 'signing-key-retired'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.activate(kid) };
  },
});

const retireSigningKey = defineEndpoint({
  id: 'retireSigningKey',
  route: 'POST /api/ehr/signing-keys/:kid/retire',
  action: signingKeyActions.retire,
  summary: 'Stop signing with a key. It stays published until its assertions have expired',
  description:
    'Ends the use of a key. Another key of its algorithm must sign first. EHRs can verify earlier assertions for ten more minutes, then the key can be deleted.',
  request: { body: { isOptional: true } },
  responses: { 200: signingKeyResponse('The key, which no longer signs') },
  errors: ['unknown-signing-key', 'signing-key-in-use', 'signing-key-retired'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.retire(kid) };
  },
});

const deleteSigningKey = defineEndpoint({
  id: 'deleteSigningKey',
  route: 'DELETE /api/ehr/signing-keys/:kid',
  action: signingKeyActions.delete,
  summary: 'Delete a key that was retired at least ten minutes ago',
  description:
    'Removes a retired key, also from the published key set. It is refused until ten minutes after the key was retired, because an assertion may still be in use.',
  responses: { 204: { description: 'The key is deleted and no longer published' } },
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
  .strictObject({
    keys: z
      .array(
        z.looseObject({
          kty: z.string().describe('The type of the key: `EC` or `RSA`.'),
          kid: z.string().describe('The id that an assertion names in its header.'),
        }),
      )
      .describe('The public keys, including those that were retired in the last ten minutes.'),
  })
  .meta({ id: 'Jwks', description: 'The public keys with which EHRs verify our client assertions (RFC 7517).' });

const jwksExample = { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid, x: '…', y: '…' }] };

/** EHRs verify our client assertions with these keys. */
const getJwks = defineEndpoint({
  id: 'getJwks',
  route: 'GET /.well-known/jwks.json',
  action: anyone,
  summary: 'Return the public signing keys, for EHRs',
  description:
    'Returns the JSON Web Key Set that EHRs read to verify client assertions (SMART Backend Services). Register this URL at the EHR. It may be cached for five minutes.',
  responses: {
    200: {
      description: 'The public keys, as a JSON Web Key Set',
      schema: jwksSchema,
      contentType,
      example: jwksExample,
    },
  },
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
