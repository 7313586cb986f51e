import { vendors } from '@bulkhead/ehr/providers';
import { vendorTable } from '../site/vendor-page.ts';

const heading = '\n## What is known of other vendors?\n';

/** Returns docs/providers.md with what the registry knows of vendors. The text before stays. */
export function withVendors(page: string): string {
  const [before = ''] = page.split(heading);
  return `${before}${heading}
No program of this project has ever sent a request to their servers. The site of this documentation has the commands for each.

${vendorTable(vendors)}
`;
}
