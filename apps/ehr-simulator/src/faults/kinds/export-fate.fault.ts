import { z } from 'zod';
import { exportEnds } from '../../export/bulk-export.ts';
import { defineFault } from '../define-fault.ts';

/**
 * For a kick-off: its export is in progress for `polls` status requests and then `completes`, `fails` (500), `never-ends`,
 * is `forgotten` (404) or `gone` (410). Other exports are not touched.
 */
export const exportFateFault = defineFault({
  kind: 'export-fate',
  fields: { polls: z.int().min(0).default(1), end: z.enum(exportEnds) },
  create: (fate) => ({ changeExport: { fate } }),
});
