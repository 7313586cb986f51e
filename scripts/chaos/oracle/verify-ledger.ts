import type { OutputFile } from '@bulkhead/bulk-export';
import { accountedLines } from '@bulkhead/bulk-export';
import type { Finding } from './finding.ts';

/** Verifies that the ledger counts the lines that were served. A batch that is counted twice makes the record wrong. */
export function verifyLedger(
  files: readonly Pick<OutputFile, 'id' | 'section' | 'promisedCount' | 'checkpoint' | 'state'>[],
): Finding[] {
  return files.flatMap(({ id, section, promisedCount, checkpoint, state }): Finding[] => {
    // For deletions, the manifest counts Bundles, and the ledger counts their entries.
    if (section !== 'output' || promisedCount === undefined) return [];
    const surplus = accountedLines(checkpoint) - promisedCount;
    if (surplus > 0)
      return [{ verdict: 'duplicated', count: surplus, text: `${id} counts ${surplus} more lines than were served` }];
    if (surplus < 0 && state === 'completed')
      return [
        { verdict: 'silent', count: -surplus, text: `${id} is completed, but ${-surplus} of its lines are not stored` },
      ];
    return [];
  });
}
