import { writeFileSync } from 'node:fs';
import { createServedDocument } from './document.ts';

// usage: write-openapi.ts
// Writes openapi.json beside this app. That of the API joins it with its own document.
writeFileSync(new URL('../openapi.json', import.meta.url), `${JSON.stringify(createServedDocument(), null, 2)}\n`);
