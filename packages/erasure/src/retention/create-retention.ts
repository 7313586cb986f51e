import type { DocumentContentRepository } from '@bulkhead/documents';
import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { EncryptedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { retainContents, retainDocuments, retainUploads } from './retain-documents.ts';
import { retainOpenLines, retainReplayedLines } from './retain-lines.ts';
import { retainDeliveries, retainExports, retainSyncRuns } from './retain-runs.ts';
import { retainTombstones } from './retain-tombstones.ts';
import type { RetentionStep } from './retention-pass.ts';

/** In the order of the steps: deleting a line can free its export, and deleting an export can free a tombstone. */
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
 * Deletes records that are older than the deployment keeps them. There is one step for each kind of record. A step walks over its
 * collection in the order of ids, one batch at a time, and stores its position in `retention` (see `RetentionPass`). So if a job is
 * interrupted, the next one continues there. A pass over a collection begins once a day.
 *
 * A step never deletes a record that is still needed: see the comments of the steps.
 */
export function createRetention(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly contents: DocumentContentRepository;
  readonly documentFiles: EncryptedFiles;
}): Retention {
  const { database, quarantine, contents, documentFiles } = options;
  return {
    'replayed-line': retainReplayedLines({ database, quarantine }),
    'quarantined-line': retainOpenLines({ database, quarantine }),
    'bulk-export': retainExports({ database, quarantine }),
    'sync-run': retainSyncRuns({ database, quarantine }),
    tombstone: retainTombstones(database),
    document: retainDocuments(database, contents),
    'document-content': retainContents(database, contents),
    'document-upload': retainUploads({ database, files: documentFiles }),
    'webhook-delivery': retainDeliveries(database),
  };
}
