import type { SyncRun, SyncStep } from '@bulkhead/domain';
import type { SearchPage } from '@bulkhead/ehr-client';
import { parseResourceLine } from '@bulkhead/fhir';
import { fitsInDocument, type ResourceDocument, toResourceDocument } from '@bulkhead/store';
import type { UseCaseDeps } from './deps.ts';
import { withDocuments } from './with-documents.ts';

export interface PageCounts {
  readonly stored: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
}

/** Stores what a page of a search brought, through the same checks and the same writer as a line of a file. */
export async function storeSearchPage(
  deps: UseCaseDeps,
  options: {
    readonly page: SearchPage;
    readonly resourceType: string;
    readonly run: SyncRun;
    readonly step: SyncStep;
  },
): Promise<PageCounts> {
  const { page, resourceType, run, step } = options;
  const context = {
    connectionId: run.connectionId,
    source: { syncRunId: run.id, stepId: step.id },
    observedAt: page.servedAt,
    now: deps.now(),
  };
  const documents = page.resources.flatMap((resource): ResourceDocument[] => {
    const bytes = Buffer.from(JSON.stringify(resource));
    const line = { bytes, line: 2, offset: 0, nextOffset: 0, sizeBytes: bytes.length, isTooLong: false };
    const parsed = parseResourceLine(line, resourceType);
    if (parsed.kind !== 'resource') return [];
    const document = toResourceDocument({ ...parsed, context });
    return fitsInDocument(document, bytes.length) ? [document] : [];
  });
  const rejected = page.resources.length - documents.length;
  if (documents.length === 0) return { stored: 0, unchanged: 0, stale: 0, rejected };
  const { written, unchanged, stale } = await withDocuments(deps).write(resourceType, documents);
  return { stored: written + unchanged, unchanged, stale, rejected };
}
