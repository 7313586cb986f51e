// usage: pnpm docs:cli    writes the list of the commands to docs/cli.md, and their reference to docs/cli/
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { toPages, withIndex } from './command-reference.ts';

const index = new URL('../../../docs/cli.md', import.meta.url);
const folder = new URL('../../../docs/cli/', import.meta.url);
writeFileSync(index, withIndex(readFileSync(index, 'utf8')));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, page] of toPages()) writeFileSync(new URL(name, folder), page);
