import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { createApiDocument } from '../openapi/create-api-document.ts';

/** The API described, for programs and for people. It holds no secret, so it needs no key. */
export function docsRoutes(): Router {
  const router = Router();
  const document = createApiDocument();
  router.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  router.use('/docs', swaggerUi.serve, swaggerUi.setup(document, { customSiteTitle: 'Bulkhead API' }));
  return router;
}
