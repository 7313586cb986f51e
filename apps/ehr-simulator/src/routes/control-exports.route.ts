import { Router } from 'express';
import type { BulkExport } from '../export/bulk-export.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/exports`: every export since the start, oldest first. */
export function controlExportsRoute({ exports }: Simulator): Router {
  const router = Router();
  router.get('/_sim/exports', (_req, res) => {
    res.json(exports.list().map((bulkExport) => ({ ...summary(bulkExport), state: exports.state(bulkExport) })));
  });
  return router;
}

function summary({ id, level, given, types, transactionTimeMs, files, pollCount, deleteCount }: BulkExport) {
  return {
    id,
    level,
    kickedOffAt: new Date(transactionTimeMs).toISOString(),
    parameters: given.map(([name, value]) => ({ name, value })),
    types,
    files: files.length,
    polls: pollCount,
    /** DELETE requests that came, whatever they were answered. */
    deletes: deleteCount,
    deleted: deleteCount > 0,
  };
}
