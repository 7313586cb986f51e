// usage: pnpm docs:cli    writes the reference of the commands to docs/cli.md
import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './command-reference.ts';

const page = new URL('../../../docs/cli.md', import.meta.url);
writeFileSync(page, withReference(readFileSync(page, 'utf8')));
