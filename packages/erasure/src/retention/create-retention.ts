import type { DocumentContentRepository } from '@bulkhead/documents';
import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { SealedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { retainContents, retainDocuments, retainUploads } from './retain-documents.ts';
import { retainOpenLines, retainReplayedLines } from './retain-lines.ts';
import { retainDeliveries, retainExports, retainSyncRuns } from './retain-runs.ts';
import { retainTombstones } from './retain-tombstones.ts';
import type { RetentionStep } from './retention-pass.ts';

/** In the order of the steps: a line that is deleted may be all that kept its export, and an export a tombstone. */
export const retainedKinds = [
  'replayed-line',
  'quarantined-line',
  'bulk-export',
  'sync-run',
  'tombstone',
  'document',
  'document-content',
  'document-upload',
  'webhook-delivery',
] as const;
export type RetainedKind = (typeof retainedKinds)[number];

export type Retention = Readonly<Record<RetainedKind, RetentionStep>>;

/**
 * Deletes records that are older than a deployment keeps them. Each step walks over its collection by id, some records at a time; how
 * far it got is in `retention`, so a job that is cut short is continued by the next one. A pass over a collection begins once a day.
 */
export function createRetention(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly contents: DocumentContentRepository;
  readonly documentFiles: SealedFiles;
}): Retention {
  const { database, quarantine, contents, documentFiles } = options;
  return {
    'replayed-line': retainReplayedLines({ database, quarantine }),
    'quarantined-line': retainOpenLines({ database, quarantine }),
    'bulk-export': retainExports({ database, quarantine }),
    'sync-run': retainSyncRuns({ database, quarantine }),
    tombstone: retainTombstones(database),
    document: retainDocuments({ database, contents }),
    'document-content': retainContents({ database, contents }),
    'document-upload': retainUploads({ database, files: documentFiles }),
    'webhook-delivery': retainDeliveries(database),
  };
}
