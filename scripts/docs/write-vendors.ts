import { readFileSync, writeFileSync } from 'node:fs';
import { withVendors } from './vendor-table.ts';

const page = new URL('../../docs/providers.md', import.meta.url);
writeFileSync(page, withVendors(readFileSync(page, 'utf8')));
