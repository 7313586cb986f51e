import type { SigningKeyService } from '@bulkhead/service';
import { Router } from 'express';

/** SMART servers keep it as long as this says; a new key is published an hour before it signs. */
const maxAgeSeconds = 300;

/** The public keys that EHRs verify our client assertions with: for everybody, without a key of the API. */
export function jwksRoute({ signingKeys }: { readonly signingKeys: SigningKeyService }): Router {
  const router = Router();
  router.get('/.well-known/jwks.json', async (_request, response) => {
    response.set('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    response.type('application/jwk-set+json').send(JSON.stringify(await signingKeys.jwks()));
  });
  return router;
}
