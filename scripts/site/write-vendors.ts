import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vendors } from '@bulkhead/ehr/providers';
import { vendorPage } from './vendor-page.ts';

const [folder = ''] = process.argv.slice(2);
for (const vendor of vendors) writeFileSync(join(folder, `${vendor.entry.id}.md`), vendorPage(vendor));
