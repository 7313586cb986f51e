import { type RequestHandler, Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { createApiDocument } from '../openapi/create-api-document.ts';

/** Serves the documentation of the API, for programs and for people. It contains no secrets, so it needs no key. */
export function docsRoutes(): Router {
  const router = Router();
  const read = once(createApiDocument);
  const page = once(() => swaggerUi.setup(read(), { customSiteTitle: 'Bulkhead API' }));
  router.get('/openapi.json', (_request, response) => {
    response.json(read());
  });
  // `setup` creates a script that `serve` sends, so it must run first.
  const prepare: RequestHandler = (_request, _response, next) => {
    page();
    next();
  };
  router.use('/docs', prepare, swaggerUi.serve, (...args: Parameters<RequestHandler>) => page()(...args));
  return router;
}

/** Creates a value when it is first needed. The document takes 70 ms, which would delay the start of every process. */
function once<Value>(create: () => Value): () => Value {
  let value: { readonly created: Value } | undefined;
  return () => {
    value ??= { created: create() };
    return value.created;
  };
}
