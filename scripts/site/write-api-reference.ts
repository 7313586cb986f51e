import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { apiReference } from './links.ts';
import { root } from './table-of-contents.ts';

/** The files that the site contains as they are. */
export const publicFolder = join(root, 'node_modules', '.cache', 'site');
const require = createRequire(import.meta.url);
const library = dirname(require.resolve('swagger-ui-dist/package.json'));
const ofLibrary = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const licences = ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'];

/** Without requests: the site is not the API, and a key does not belong in it. */
/** Groups are closed at first, for the same reason as in the API (apps/api/src/browser/docs.ts). */
const script = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, docExpansion: 'none', filter: true, supportedSubmitMethods: [] });
`;

/** Writes the API reference: a page of Swagger UI, which reads openapi.json in the browser. It loads nothing from another host. */
export function writeApiReference(contentSecurityPolicy: string): void {
  const folder = join(publicFolder, dirname(apiReference));
  rmSync(publicFolder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of [...ofLibrary, ...licences]) copyFileSync(join(library, file), join(folder, file));
  copyFileSync(join(root, 'apps', 'api', 'openapi.json'), join(folder, 'openapi.json'));
  writeFileSync(join(folder, 'open.js'), script);
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
    <title>API reference | Bulkhead</title>
    <link rel="icon" href="favicon-32x32.png">
    <link rel="stylesheet" href="swagger-ui.css">
  </head>
  <body>
    <p class="swagger-ui wrapper"><a href="../api.html">How to use the HTTP API</a> · <a href="openapi.json" download>openapi.json</a></p>
    <div id="swagger-ui"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="open.js"></script>
  </body>
</html>
`,
  );
}
