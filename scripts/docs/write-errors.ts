import { readFileSync, writeFileSync } from 'node:fs';
import { readTables, renderErrors, renderTexts } from './render-errors.ts';

// Writes the codes of docs/errors.md, and the texts for people that the console and the command line show.
const page = new URL('../../docs/errors.md', import.meta.url);
const texts = new URL('../../packages/client/src/code-texts.json', import.meta.url);
const tables = await readTables();
writeFileSync(page, renderErrors(readFileSync(page, 'utf8'), tables));
writeFileSync(texts, renderTexts(tables));
