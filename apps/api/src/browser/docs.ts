import { createRequire } from 'node:module';
import { Router } from 'express';
import { createApiDocument } from '../openapi/create-api-document.ts';

const require = createRequire(import.meta.url);
const files = {
  'swagger-ui.css': require.resolve('swagger-ui-dist/swagger-ui.css'),
  'swagger-ui-bundle.js': require.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
  'favicon-32x32.png': require.resolve('swagger-ui-dist/favicon-32x32.png'),
};

/** The page without its data. The policy for browsers allows no script in it. */
const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Bulkhead API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/open.js"></script>
  </body>
</html>
`;
/** Groups are closed at first, because Swagger UI 5.35 shows no operation at all while more than 137 are open, and is faster with fewer. */
const script =
  "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, docExpansion: 'none' });\n";

/** Serves the documentation of the API, for programs and for people. It contains no secrets, so it needs no key. */
export function docsRoutes(): Router {
  const router = Router();
  const read = once(createApiDocument);
  router.get('/openapi.json', (_request, response) => {
    response.json(read());
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(page);
  });
  router.get('/docs/open.js', (_request, response) => {
    response.type('js').send(script);
  });
  for (const [name, path] of Object.entries(files)) {
    // pnpm keeps packages in the folder `.pnpm`.
    router.get(`/docs/${name}`, (_request, response) => response.sendFile(path, { dotfiles: 'allow' }));
  }
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
