import { type ExportError, runWithPauses, toExportError } from '@bulkhead/base';
import type { SearchPage } from '@bulkhead/ehr';
import { parseJsonLineInSteps, toResource } from '@bulkhead/fhir';
import { type ResourceDocument, toStorableInSteps, writeWithBisection } from '@bulkhead/records';
import { type QuarantinedLine, type QuarantineReason, searchFileId } from '@bulkhead/records/quarantine';
import { syncError } from '../errors.ts';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';
import { addCounts, noCounts, type PageCounts } from './step-searches.ts';

/** The repositories in which a page is stored. */
export type PageRepository = 'quarantine' | 'resourceWriter' | 'resources';

interface StorePageOptions {
  readonly page: SearchPage;
  readonly search: SyncSearch;
  readonly run: SyncRun;
  readonly step: SyncStep;
}

/** What was stored of a page. */
interface StoredPage {
  readonly counts: PageCounts;
  /** Why the rest of the page was not stored. */
  readonly fault?: ExportError;
}

/**
 * Stores the entries of a page, with the same checks and the same writer as the lines of a file. Entries that cannot be stored are
 * quarantined. It stops when most entries of the search are bad.
 */
export async function storeSearchPage(deps: SyncDeps<PageRepository>, options: StorePageOptions): Promise<StoredPage> {
  const { page, search } = options;
  const provenance = page.entries.filter(isProvenance);
  if (search.resourceType !== 'Provenance' && provenance.length > 0) {
    const entries = page.entries.filter((entry) => !isProvenance(entry));
    const ofProvenance = { ...options, page: { ...page, entries: provenance } };
    // The counts are those of the type that is searched.
    await storeSearchPage(deps, { ...ofProvenance, search: { ...search, resourceType: 'Provenance' } });
    return storeSearchPage(deps, { ...options, page: { ...page, entries } });
  }
  let counts = noCounts;
  for await (const ofBatch of storeEntries(deps, options)) {
    counts = addCounts(counts, ofBatch);
    if (isMostlyBad(addCounts({ ...noCounts, ...options.search }, counts))) return { counts, fault: tooManyBadEntries };
  }
  return { counts };
}

/** What `_revinclude=Provenance:target` adds. */
function isProvenance({ isMatch, content }: SearchPage['entries'][number]): boolean {
  return !isMatch && (content as { readonly resourceType?: unknown } | null)?.resourceType === 'Provenance';
}

/** Whether the EHR probably does not send resources. Such a search must fail before it fills the quarantine. */
function isMostlyBad({ rejected, fetched }: PageCounts): boolean {
  return rejected > 1000 && rejected > fetched / 2;
}

const tooManyBadEntries = toExportError(syncError('too-many-bad-entries'));

interface PageEntry {
  readonly index: number;
  readonly json: Buffer;
}

interface StorableEntry extends PageEntry {
  readonly document: ResourceDocument;
}

/** As many as the lines of a file that are written together. A page can have a million entries. */
const maxBatchEntries = 125;
const maxBatchBytes = 1024 * 1024;

/** Stores entries in batches. @returns the results of each batch when it is stored */
async function* storeEntries(deps: SyncDeps<PageRepository>, options: StorePageOptions): AsyncGenerator<PageCounts> {
  let batch: PageEntry[] = [];
  let batchBytes = 0;
  for (const { index, content } of options.page.entries) {
    const json = Buffer.from(JSON.stringify(content));
    batch.push({ index, json });
    batchBytes += json.length;
    if (batch.length < maxBatchEntries && batchBytes < maxBatchBytes) continue;
    yield await storeBatch(deps, { ...options, batch });
    batch = [];
    batchBytes = 0;
  }
  if (batch.length > 0) yield await storeBatch(deps, { ...options, batch });
}

async function storeBatch(
  deps: SyncDeps<PageRepository>,
  options: StorePageOptions & { readonly batch: readonly PageEntry[] },
): Promise<PageCounts> {
  const { batch, page, search, run, step } = options;
  const { resourceType } = search;
  const context = {
    connectionId: run.connectionId,
    source: { syncRunId: run.id, stepId: step.id },
    observedAt: page.servedAt,
    now: deps.now(),
  };
  const place = {
    connectionId: run.connectionId,
    source: 'sync',
    runId: run.id,
    stepId: step.id,
    resourceType,
    fileId: searchFileId({ stepId: step.id, resourceType }),
    line: search.pages + 1,
  } as const;
  const items: StorableEntry[] = [];
  const bad: QuarantinedLine[] = [];
  const quarantine = ({ index: offset, json: bytes }: PageEntry, reason: QuarantineReason) =>
    bad.push({ ...place, offset, reason, bytes, sizeBytes: bytes.length });
  for (const entry of batch) {
    const read = await readSearchEntry({ json: entry.json, resourceType, context });
    if ('document' in read) items.push({ ...entry, document: read.document });
    else quarantine(entry, read.reason);
  }
  const {
    written,
    unchanged,
    stale,
    incomplete = 0,
    withheld,
  } = await writeWithBisection({
    items,
    write: (documents) => deps.store.resourceWriter.write(resourceType, documents),
    onRefused: (entry) => quarantine(entry, 'refused-by-database'),
  });
  // This comes before the page is committed. A worker that stops in between quarantines the same entries again, which changes nothing.
  const withheldEntries = await deps.store.quarantine.put({ lines: bad, now: context.now });
  return {
    fetched: batch.length,
    stored: written + unchanged,
    unchanged,
    stale,
    laterIncomplete: incomplete,
    rejected: bad.length - withheldEntries,
    withheld: withheld + withheldEntries,
    withheldEntries,
  };
}

/** Makes a document of an entry. @param options.json the entry's resource. @returns the reason if it cannot be stored */
export function readSearchEntry(
  options: SearchEntryOptions,
): Promise<{ readonly document: ResourceDocument } | { readonly reason: QuarantineReason }> {
  return runWithPauses(readEntryInSteps(options));
}

interface SearchEntryOptions {
  readonly json: Buffer;
  /** The type that was searched. */
  readonly resourceType: string;
  readonly context: Parameters<typeof toStorableInSteps>[0]['context'];
}

function* readEntryInSteps({ json: bytes, resourceType, context }: SearchEntryOptions) {
  // Only line 1 of a file can begin with a byte order mark.
  const line = { bytes, line: 2, offset: 0, nextOffset: 0, sizeBytes: bytes.length, isTooLong: false };
  const json = yield* parseJsonLineInSteps(line);
  const parsed = json.kind === 'value' ? toResource(json, resourceType) : json;
  if (parsed.kind === 'rejected') return { reason: parsed.reason };
  if (parsed.kind === 'blank') return { reason: 'not-an-object' as const };
  const document = yield* toStorableInSteps({ ...parsed, context });
  return document ? { document } : { reason: 'too-large' as const };
}
