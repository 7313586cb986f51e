import { z } from 'zod';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { kid } from './signing-key.schema.ts';

/** SMART servers keep the keys for this long. A new key is published an hour before it signs. */
const maxAgeSeconds = 300;
const contentType = 'application/jwk-set+json';

const jwksSchema = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'Jwks', description: 'RFC 7517; what EHRs verify our assertions with.' });

const jwksExample = { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid, x: '…', y: '…' }] };

/** EHRs verify our client assertions with these keys. */
export const getJwks = defineEndpoint({
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
