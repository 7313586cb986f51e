import { writeFileSync } from 'node:fs';
import { createApiDocument } from './openapi/create-api-document.ts';

// Writes docs/openapi.json.
const file = new URL('../../../docs/openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(createApiDocument(), null, 2)}\n`);
