import { readFileSync, writeFileSync } from 'node:fs';
import { createApiDocument } from './openapi/create-api-document.ts';
import { withGettingStarted } from './openapi/getting-started.ts';
import { summarizeDocument } from './openapi/summarize-document.ts';

// usage: write-openapi.ts [--document]
// Writes openapi.json beside this app, which builds and tests read and git does not keep. Without `--document` it also writes what git
// keeps of it: its summary, docs/openapi.txt, and its introduction in docs/api.md.
const document = createApiDocument();
writeFileSync(new URL('../openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
if (!process.argv.includes('--document')) {
  const page = new URL('../../../docs/api.md', import.meta.url);
  writeFileSync(page, withGettingStarted(readFileSync(page, 'utf8')));
  writeFileSync(new URL('../../../docs/openapi.txt', import.meta.url), summarizeDocument(document));
}
