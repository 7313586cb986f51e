import type { OutputFile } from '@bulkhead/bulk-export';
import { accountedLines } from '@bulkhead/bulk-export';
import type { Finding } from './finding.ts';

/** What is counted as stored is what was served: a batch that is counted twice is a lie about the record. */
export function judgeLedger(
  files: readonly Pick<OutputFile, 'id' | 'section' | 'promisedCount' | 'checkpoint' | 'state'>[],
): Finding[] {
  return files.flatMap(({ id, section, promisedCount, checkpoint, state }): Finding[] => {
    // Of deletions the manifest counts Bundles, the ledger what is in them.
    if (section !== 'output' || promisedCount === undefined) return [];
    const surplus = accountedLines(checkpoint) - promisedCount;
    if (surplus > 0)
      return [{ verdict: 'duplicated', count: surplus, text: `${id} counts ${surplus} lines more than were served` }];
    if (surplus < 0 && state === 'completed')
      return [{ verdict: 'silent', count: -surplus, text: `${id} is completed and ${-surplus} of its lines are not` }];
    return [];
  });
}
