import { readFileSync, writeFileSync } from 'node:fs';
import { type ApiDocument, summarizeDocument } from '@bulkhead/http';
import { createOwnDocument, joinDocuments } from './openapi/api-document.ts';
import { withGettingStarted } from './openapi/getting-started.ts';

// usage: write-openapi.ts [--document]
// Writes openapi.json beside this app, with what `serve` has written beside itself. Builds and tests read it, and git does not keep it. Without `--document` it also writes what git
// keeps of it: its summary, docs/openapi.txt, and its introduction in docs/api.md.
const served = JSON.parse(readFileSync(new URL('../../serve/openapi.json', import.meta.url), 'utf8')) as ApiDocument;
const document = joinDocuments(createOwnDocument(), served);
writeFileSync(new URL('../openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
if (!process.argv.includes('--document')) {
  const page = new URL('../../../docs/api.md', import.meta.url);
  writeFileSync(page, withGettingStarted(readFileSync(page, 'utf8')));
  writeFileSync(new URL('../../../docs/openapi.txt', import.meta.url), summarizeDocument(document));
}
