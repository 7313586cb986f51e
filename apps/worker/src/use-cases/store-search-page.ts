import type { SyncRun, SyncStep } from '@bulkhead/domain';
import type { SearchPage } from '@bulkhead/ehr-client';
import { parseResourceLine } from '@bulkhead/fhir';
import { fitsInDocument, type ResourceDocument, toResourceDocument } from '@bulkhead/store';
import type { UseCaseDeps } from './deps.ts';
import type { PageCounts, Search } from './step-searches.ts';
import { withDocuments } from './with-documents.ts';

/**
 * Stores what a page of a search brought, through the same checks and the same writer as a line of a file.
 * @returns what came, by type; what is of no type that was asked for counts with the search's own.
 */
export async function storeSearchPage(
  deps: UseCaseDeps,
  options: {
    readonly page: SearchPage;
    readonly search: Search;
    readonly run: SyncRun;
    readonly step: SyncStep;
  },
): Promise<ReadonlyMap<string, PageCounts>> {
  const { page, search, run, step } = options;
  const { resourceType: leadType } = search.lead;
  const types = new Set([search.lead, ...search.carried].map(({ resourceType }) => resourceType));
  const byType = new Map<string, unknown[]>();
  for (const { content: resource } of page.entries) {
    const type = (resource as { readonly resourceType?: unknown } | null)?.resourceType;
    const key = typeof type === 'string' && types.has(type) ? type : leadType;
    // The patients may be asked for only because of what comes with them.
    if (type === leadType && !run.types.includes(leadType)) continue;
    byType.set(key, [...(byType.get(key) ?? []), resource]);
  }
  const counts = new Map<string, PageCounts>();
  for (const [resourceType, resources] of byType) {
    counts.set(resourceType, await storeResources(deps, { resourceType, resources, page, run, step }));
  }
  return counts;
}

async function storeResources(
  deps: UseCaseDeps,
  options: {
    readonly resourceType: string;
    readonly resources: readonly unknown[];
    readonly page: SearchPage;
    readonly run: SyncRun;
    readonly step: SyncStep;
  },
): Promise<PageCounts> {
  const { resourceType, resources, page, run, step } = options;
  const context = {
    connectionId: run.connectionId,
    source: { syncRunId: run.id, stepId: step.id },
    observedAt: page.servedAt,
    now: deps.now(),
  };
  const documents = resources.flatMap((resource): ResourceDocument[] => {
    const bytes = Buffer.from(JSON.stringify(resource));
    const line = { bytes, line: 2, offset: 0, nextOffset: 0, sizeBytes: bytes.length, isTooLong: false };
    const parsed = parseResourceLine(line, resourceType);
    if (parsed.kind !== 'resource') return [];
    const document = toResourceDocument({ ...parsed, context });
    return fitsInDocument(document, bytes.length) ? [document] : [];
  });
  const fetched = resources.length;
  const rejected = fetched - documents.length;
  if (documents.length === 0) return { fetched, stored: 0, unchanged: 0, stale: 0, rejected };
  const { written, unchanged, stale } = await withDocuments(deps).write(resourceType, documents);
  return { fetched, stored: written + unchanged, unchanged, stale, rejected };
}
