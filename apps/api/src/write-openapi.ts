import { readFileSync, writeFileSync } from 'node:fs';
import { createApiDocument } from './openapi/create-api-document.ts';
import { withGettingStarted } from './openapi/getting-started.ts';

// Writes docs/openapi.json, and its introduction into docs/api.md.
const file = new URL('../../../docs/openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(createApiDocument(), null, 2)}\n`);
const page = new URL('../../../docs/api.md', import.meta.url);
writeFileSync(page, withGettingStarted(readFileSync(page, 'utf8')));
