import { readFileSync, writeFileSync } from 'node:fs';
import { readTables, renderErrors } from './render-errors.ts';

// Writes the tables of docs/errors.md.
const page = new URL('../../docs/errors.md', import.meta.url);
writeFileSync(page, renderErrors(readFileSync(page, 'utf8'), await readTables()));
