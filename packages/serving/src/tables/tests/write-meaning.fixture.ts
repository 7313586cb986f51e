import { readFileSync, writeFileSync } from 'node:fs';
import { renderMeaning } from './meaning.fixture.ts';

// Writes the tables of docs/tables.md about what the views carry.
const page = new URL('../../../../../docs/tables.md', import.meta.url);
writeFileSync(page, renderMeaning(readFileSync(page, 'utf8')));
