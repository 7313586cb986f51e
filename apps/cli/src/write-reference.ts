// usage: node --conditions=@bulkhead/source apps/cli/src/write-reference.ts FOLDER    writes the pages of the site about the commands
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPages } from './command-reference.ts';

const [folder = '.'] = process.argv.slice(2);
for (const [name, page] of toPages()) writeFileSync(join(folder, name), page);
