import { anyPatient } from '@bulkhead/access/audit';
import { invalidRequest } from '@bulkhead/base';
import {
  everyResource,
  isResourceType,
  pageParameterNames,
  parseSearch,
  type Resource,
  type ResourceSearch,
  typesWithAttachments,
  whyNotResourceType,
} from '@bulkhead/fhir';
import {
  type ExportLevel,
  elementSelector,
  ignoredIssue,
  type KickOff,
  type KickOffParameter,
  kickOffParameterNames,
  type ManifestFile,
  readKickOff,
  type TypeFilter,
  writeManifest,
} from '@bulkhead/fhir/bulk-server';
import type { IdRange, ResourceChange, ResourceStore } from '@bulkhead/records';
import type { ResourceService, ShownAttachments } from '@bulkhead/records/commands';
import { type ConnectionScope, pagesOf } from '@bulkhead/store';
import { servedExportError } from '../errors.ts';
import type { ServedExportStore } from '../served-export.feature.ts';
import type { ServedExport } from '../served-export.record.ts';

/** Who asks, and for which connection. */
interface Reader {
  readonly provider: string;
  readonly connectionId: string;
  readonly scope: ConnectionScope;
  /** The API key or the backend client. */
  readonly clientId: string;
  /** @throws AppError if the reader may not read resources of a type */
  readonly checkType: (resourceType: string) => void;
}

interface ExportReference extends Reader {
  readonly id: string;
}

export interface NewServedExport extends Reader {
  readonly level: ExportLevel;
  readonly parameters: readonly KickOffParameter[];
  /** `Prefer: handling=lenient` */
  readonly isLenient: boolean;
  /** The URL of the kick-off. */
  readonly request: string;
  /** Called for a valid request, before a record is created. Throws if there are too many. */
  readonly admit: (kickOff: { readonly patients: number }) => Promise<void>;
}

/** A client that was stopped in the evening continues in the morning. Later, a new export is as good, because nothing is prepared. */
const keptMs = 24 * 60 * 60_000;
/** The entries of a Bundle of deletions, so that a line stays below 100 kB. */
const maxBundleEntries = 1000;
const chunkCharacters = 64 * 1024;
/** Some 150 MB: what a client reads again after a lost connection, and less than a minute of the database. */
const resourcesOfFile = 100_000;
/** The last file has the rest. Finding the beginnings of so many takes a few seconds. */
const maxFilesOfType = 50;
/** Ids divide a type as well as an hour ago. A client can send many kick-offs, and each would read the index. */
const rangesKeptMs = 60 * 60_000;

/**
 * Serves FHIR Bulk Data exports of what is stored (https://hl7.org/fhir/uv/bulkdata/export.html). A kick-off stores a record with the time
 * since which changes are exported. `transactionTime` is the time until which all changes are settled. What is newer is exported too, and
 * again by the next export, so consecutive exports miss nothing, whatever is stored while they are read.
 */
export class ServedExportService {
  readonly #store;
  readonly #resources;
  readonly #shownAttachments;
  readonly #resourcesOfFile;
  /**
   * The types of which a connection had a resource. Asking again costs the embedded engine as much as reading the type. If all were deleted
   * since, a file is empty, which is valid.
   */
  readonly #storedTypes = new Set<string>();
  readonly #ranges = new Map<string, { readonly readAt: number; readonly starts: Promise<readonly string[]> }>();

  constructor(options: {
    readonly store: ServedExportStore & Pick<ResourceStore, 'resources' | 'resourceSearch' | 'resourceChanges'>;
    readonly resources: Pick<ResourceService, 'openWindow' | 'checkConnection'>;
    readonly shownAttachments: ShownAttachments;
    /** For tests. */
    readonly resourcesOfFile?: number | undefined;
  }) {
    this.#resourcesOfFile = options.resourcesOfFile ?? resourcesOfFile;
    this.#store = options.store;
    this.#resources = options.resources;
    this.#shownAttachments = options.shownAttachments;
  }

  /** @returns the id. @throws AppError `invalid-request`, `unknown-connection`, `history-expired`, `connection-purged` */
  async kickOff(options: NewServedExport): Promise<string> {
    const { provider, connectionId, scope, clientId, request, admit, checkType } = options;
    const now = new Date();
    const kickOff = readServedKickOff(options, now);
    const { typeFilters, patients, elements, ignored, withProvenance, sinceMs } = kickOff;
    const addsProvenance = withProvenance && kickOff.types.length > 0;
    const types = [...new Set([...kickOff.types, ...(addsProvenance ? ['Provenance'] : [])])];
    for (const type of types) checkType(type);
    const searches = typeFilters.map(({ type, parameters: search }) => ({ type, query: search.toString() }));
    await admit({ patients: patients.length });
    const since = sinceMs === undefined ? undefined : new Date(sinceMs);
    const window = await this.#resources.openWindow({ provider, connectionId, scope, keyId: clientId, since });
    return this.#store.servedExports.create({
      connectionId,
      clientId,
      request,
      types,
      typeFilters: searches,
      patients,
      elements,
      parts: since || patients.length > 0 ? [] : await this.#divide({ connectionId, types, typeFilters: searches }),
      ignored,
      ...(since ? { since: window.since } : {}),
      until: window.until,
      deletedBefore: await this.#store.resourceChanges.nextSecond(),
      expiresAt: new Date(now.getTime() + keptMs),
    });
  }

  /**
   * Makes the manifest, with the types that have a match now.
   * @param options.urlOf the URL of a file
   * @throws AppError `unknown-served-export`, `unknown-connection`, `connection-purged`
   */
  async manifest(options: ExportReference & { readonly urlOf: (name: string) => string }) {
    const { urlOf } = options;
    const served = await this.#find(options);
    await this.#checkDeletions(served);
    const types = await this.#readableTypes(served, options);
    const found = await Promise.all(types.map((type) => this.#hasMatch(served, type)));
    const listed = types.filter((_, index) => found[index]);
    const output = listed.flatMap((type) =>
      namesOf(served, type).map((name): ManifestFile => ({ type, url: urlOf(name) })),
    );
    const hasDeletions = await this.#hasDeletions(served, types);
    return {
      expiresAt: served.expiresAt,
      manifest: writeManifest({
        transactionTime: served.until,
        request: served.request,
        requiresAccessToken: true,
        output,
        deleted: hasDeletions ? [{ type: 'Bundle', url: urlOf(deletedFile) }] : [],
        error:
          served.ignored.length === 0
            ? []
            : [{ type: 'OperationOutcome', url: urlOf(errorFile), count: served.ignored.length }],
      }),
    };
  }

  /**
   * Reads a file of the manifest.
   * @returns NDJSON in chunks that end with a line end, and the patients whose data it can show
   * @throws AppError `unknown-served-export`, `unknown-connection`, `connection-purged`
   */
  async readFile(
    options: ExportReference & {
      readonly name: string;
      /** The FHIR base URL of the request, below which stored attachments are. */
      readonly base: string;
      readonly signal: AbortSignal;
    },
  ) {
    const { name, base, signal, checkType } = options;
    const served = await this.#find(options);
    if (name === errorFile) return { lines: ignoredLines(served), patients: [] };
    const patients = served.patients.length > 0 ? served.patients : [anyPatient];
    if (name === deletedFile && served.since) {
      const types = await this.#readableTypes(served, options);
      const { connectionId, since, deletedBefore: before } = served;
      const deletions = { connectionId, types, since, before, signal };
      await this.#checkDeletions(served);
      return { lines: this.#deletionLines(served, deletions), patients: [anyPatient] };
    }
    const [type = ''] = name.split(/[-.]/, 1);
    const isExported = served.types.length === 0 || served.types.includes(type);
    const part = namesOf(served, type).indexOf(name);
    if (!isResourceType(type) || !isExported || part === -1) throw servedExportError('unknown-served-export');
    checkType(type);
    const { since, elements } = served;
    const selection = { ...selectionOf(served, type), range: rangeOf(served, type, part), signal };
    const { resourceSearch, resourceChanges } = this.#store;
    const isWhole = !since && elements.length === 0 && !typesWithAttachments.includes(type);
    if (isWhole) return { lines: resourceSearch.streamNdjson(selection), patients };
    const batches = since
      ? pagesOf(resourcesOf(served, resourceChanges.readOnce({ ...selection, since })), batchSize)
      : (resourceSearch.streamBatches(selection) as AsyncIterable<readonly Resource[]>);
    const lines = toLines(this.#withShownAttachments(batches, { connectionId: served.connectionId, base }), elements);
    return { lines, patients };
  }

  async *#withShownAttachments(
    batches: AsyncIterable<readonly Resource[]>,
    place: { readonly connectionId: string; readonly base: string },
  ): AsyncGenerator<readonly Resource[]> {
    for await (const resources of batches) {
      const shown = await this.#shownAttachments({ ...place, resources });
      yield resources.map((resource) => shown.get(resource) ?? resource);
    }
  }

  /** @throws AppError `unknown-served-export`, `unknown-connection`, `connection-purged` */
  async delete(options: ExportReference): Promise<void> {
    await this.#find(options);
    await this.#store.servedExports.delete(options.id);
  }

  /** The connection can have been deleted since the kick-off. */
  async #find({ id, provider, connectionId, scope, clientId }: ExportReference): Promise<ServedExport> {
    await this.#resources.checkConnection({ provider, connectionId, scope, keyId: clientId });
    const served = await this.#store.servedExports.find({ id, now: new Date() });
    if (served?.clientId === clientId && served.connectionId === connectionId) return served;
    throw servedExportError('unknown-served-export');
  }

  /** Without a list they are those that are stored. */
  async #typesOf({ types, connectionId }: Pick<ServedExport, 'types' | 'connectionId'>): Promise<readonly string[]> {
    return types.length > 0 ? types : this.#store.resources.listStoredTypes(connectionId);
  }

  async #readableTypes({ types, connectionId }: ServedExport, { checkType }: Reader): Promise<string[]> {
    const all = await this.#typesOf({ types, connectionId });
    return all.filter((type) => {
      try {
        checkType(type);
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Tombstones can have been deleted since the kick-off. @throws AppError `history-expired` */
  async #checkDeletions({ since }: ServedExport): Promise<void> {
    if (since) await this.#store.resourceChanges.checkSince(since);
  }

  async *#deletionLines(
    served: ServedExport,
    window: Parameters<ResourceStore['resourceChanges']['readDeletions']>[0],
  ): AsyncGenerator<Buffer> {
    let entries: object[] = [];
    for await (const reference of this.#store.resourceChanges.readDeletions(window)) {
      entries.push({ request: { method: 'DELETE', url: reference } });
      if (entries.length < maxBundleEntries) continue;
      yield bundleLine(entries);
      entries = [];
    }
    // The retention notes what it deletes before it does. An error cuts the file off.
    await this.#checkDeletions(served);
    if (entries.length > 0) yield bundleLine(entries);
  }

  /**
   * Only what is exported whole has a file size that can be known without reading it. Patients have one file, because ids of erased patients must not
   * be kept.
   */
  async #divide(kickOff: Pick<ServedExport, 'types' | 'connectionId' | 'typeFilters'>): Promise<ServedExport['parts']> {
    const { connectionId, typeFilters } = kickOff;
    const types = (await this.#typesOf(kickOff)).filter(
      (type) => type !== 'Patient' && !typeFilters.some((filter) => filter.type === type),
    );
    const readPart = async (type: string) => ({
      type,
      starts: await this.#rangesOf({ connectionId, resourceType: type }),
    });
    const parts = await Promise.all(types.map(readPart));
    return parts.filter(({ starts }) => starts.length > 0);
  }

  async #rangesOf(reference: { readonly connectionId: string; readonly resourceType: string }) {
    const place = `${reference.connectionId}/${reference.resourceType}`;
    const known = this.#ranges.get(place);
    if (known && Date.now() - known.readAt < rangesKeptMs) return known.starts;
    const limits = { size: this.#resourcesOfFile, most: maxFilesOfType };
    const starts = this.#store.resourceSearch.listRangeStarts({ ...reference, ...limits });
    this.#ranges.set(place, { readAt: Date.now(), starts });
    // After an error the next kick-off reads again.
    starts.catch(() => this.#ranges.delete(place));
    return starts;
  }

  /** Whether the file of a type has a line. */
  async #hasMatch(served: ServedExport, type: string): Promise<boolean> {
    const selection = selectionOf(served, type);
    const isWhole = selection.since === undefined && selection.searches.length === 0;
    const place = `${served.connectionId}/${type}`;
    if (isWhole && this.#storedTypes.has(place)) return true;
    const hasMatch = await this.#store.resourceSearch.hasAny(selection);
    if (isWhole && hasMatch) this.#storedTypes.add(place);
    return hasMatch;
  }

  async #hasDeletions(
    { connectionId, since, deletedBefore: before }: ServedExport,
    types: readonly string[],
  ): Promise<boolean> {
    if (!since) return false;
    for await (const _ of this.#store.resourceChanges.readDeletions({ connectionId, types, since, before, limit: 1 }))
      return true;
    return false;
  }
}

function selectionOf({ connectionId, since, typeFilters, patients }: ServedExport, resourceType: string) {
  const filters = typeFilters.filter(({ type }) => type === resourceType).map(toSearch);
  const records = patients.length > 0 ? [patients] : [];
  const searches = (filters.length > 0 || records.length === 0 ? filters : [everyResource]).map((search) => ({
    ...search,
    records,
  }));
  return { connectionId, resourceType, since, searches };
}

function startsOf({ parts }: ServedExport, type: string): readonly string[] | undefined {
  return parts.find((part) => part.type === type)?.starts;
}

function namesOf(served: ServedExport, type: string): string[] {
  const starts = startsOf(served, type);
  return starts ? ['', ...starts].map((_, index) => `${type}-${index + 1}.ndjson`) : [`${type}.ndjson`];
}

/** @returns undefined if the type has one file */
function rangeOf(served: ServedExport, type: string, part: number): IdRange | undefined {
  const starts = startsOf(served, type);
  return starts && { from: starts[part - 1], before: starts[part] };
}

/** @throws AppError `invalid-request` */
export function readServedKickOff(
  { parameters, level, isLenient }: Pick<NewServedExport, 'parameters' | 'level' | 'isLenient'>,
  now: Date,
): KickOff {
  const { faults, ...kickOff } = readKickOff(parameters, {
    level,
    isLenient,
    nowMs: now.getTime(),
    supported: kickOffParameterNames,
    filterFault,
    typeFault: (type) =>
      isResourceType(type) ? undefined : `names a type that does not exist: ${whyNotResourceType(type)}`,
  });
  if (faults.length > 0) throw invalidRequest(faults.map(({ path, message }) => ({ path, message })));
  return kickOff;
}

const deletedFile = 'deleted.ndjson';
const errorFile = 'errors.ndjson';

function filterFault({ type, parameters }: TypeFilter): string | undefined {
  if (!isResourceType(type)) return whyNotResourceType(type);
  const parsed = parseSearch(type, parameters);
  const paged = pageParameterNames.find((name) => parameters.has(name));
  if (paged !== undefined) return `\`${paged}\` applies to pages, and a file has none`;
  return 'faults' in parsed ? parsed.faults.map(({ path, message }) => `\`${path}\` ${message}`).join('. ') : undefined;
}

function toSearch({ type, query }: { readonly type: string; readonly query: string }): ResourceSearch {
  const parsed = parseSearch(type, new URLSearchParams(query));
  if ('faults' in parsed) throw new Error('A stored filter cannot be read. It was checked before it was stored.');
  return parsed.request.search;
}

/**
 * What was deleted in the window and created again after the kick-off is in the next window: no export may list a resource and its deletion
 * (https://hl7.org/fhir/uv/bulkdata/export.html#response---output-manifest).
 */
async function* resourcesOf(
  { since = new Date(0), deletedBefore }: ServedExport,
  changes: AsyncIterable<Pick<ResourceChange, 'resource' | 'changedAt' | 'earlier'>>,
) {
  for await (const { resource, changedAt, earlier = [] } of changes) {
    const wasDeleted = earlier.some(({ deleted, storedAt }) => deleted && storedAt >= since);
    if (!(wasDeleted && changedAt >= deletedBefore)) yield resource as Resource;
  }
}

/** As many as a reply of the database has, so that a batch needs one more read for its attachments. */
const batchSize = 125;

async function* toLines(batches: AsyncIterable<readonly Resource[]>, elements: readonly string[]) {
  const select = elements.length === 0 ? undefined : elementSelector(elements);
  let text = '';
  for await (const batch of batches) {
    for (const resource of batch) text += `${JSON.stringify(select ? select(resource) : resource)}\n`;
    if (text.length < chunkCharacters) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

function bundleLine(entry: readonly object[]): Buffer {
  return Buffer.from(`${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })}\n`);
}

async function* ignoredLines({ ignored }: ServedExport): AsyncGenerator<Buffer> {
  for (const name of ignored) {
    yield Buffer.from(`${JSON.stringify({ resourceType: 'OperationOutcome', issue: [ignoredIssue(name)] })}\n`);
  }
}
