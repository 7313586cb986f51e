import { createRequire } from 'node:module';
import { keepFor } from '@bulkhead/base';
import type { ApiDocument } from '@bulkhead/http';
import { Router } from 'express';
import { createOwnDocument, joinDocuments } from '../openapi/api-document.ts';

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

/** A newer `serve` can have another document. */
const keptMs = 60_000;
const servedWaitMs = 5000;

/** Serves the documentation of both programs, for programs and for people. It contains no secrets, so it needs no key. */
export function docsRoutes({ SERVE_URL: serveUrl }: { readonly SERVE_URL: string }): Router {
  const router = Router();
  let own: ApiDocument | undefined;
  const read = keepFor(keptMs, async () => {
    // When it is first needed, because it takes 70 ms.
    own ??= createOwnDocument();
    const served = await readServed(serveUrl);
    return served ? joinDocuments(own, served) : own;
  });
  router.get('/openapi.json', async (_request, response) => {
    response.json(await read());
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

/** @returns undefined if `serve` does not answer: its operations are not available then either */
async function readServed(serveUrl: string): Promise<ApiDocument | undefined> {
  try {
    const answer = await fetch(new URL('/openapi.json', serveUrl), { signal: AbortSignal.timeout(servedWaitMs) });
    return answer.ok ? ((await answer.json()) as ApiDocument) : undefined;
  } catch {
    return undefined;
  }
}
