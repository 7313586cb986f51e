import {
  anyResourceType,
  isOperationOutcome,
  isResourceType,
  type JsonLine,
  type NdjsonLine,
  type ParsedLine,
  parseJsonLine,
  readDeletions,
  readReportedIssues,
  toResource,
} from '@bulkhead/fhir';
import type { QuarantinedLine } from '@bulkhead/quarantine';
import {
  fitsInDocument,
  noOutcome,
  type ResourceDocument,
  type ResourceWriter,
  readLineDocument,
  sumOutcomes,
  toResourceDocument,
  toTombstone,
  type WriteOutcome,
  writeWithBisection,
} from '@bulkhead/resources';
import { toEhrText } from '@bulkhead/runtime';
import { BsonLines, type BufferPool } from '@bulkhead/store';
import type { IssueCount } from '../../bulk-export.record.ts';
import type { BulkExportStore } from '../../index.ts';
import { type FileCheckpoint, type OutputFile, sumIssues } from '../../output-file.record.ts';
import type { KeptLine } from './long-line.ts';

/**
 * Larger batches are not faster (measured: 6,900 resources/s with 125 and with 250 on 300 MB, 3,900 with 250 and with 1,000 on 60 MB)
 * and cost memory: a process has four downloads, each with up to four batches in memory.
 */
const usualLines = 125;
/** The first batch of a file is smaller, because the database has nothing to do until it is complete. */
export const firstBatchLines = 32;
const maxBytes = 1024 * 1024;

interface FileBatchOptions {
  readonly store: {
    readonly resourceWriter: ResourceWriter;
    readonly quarantine: Pick<BulkExportStore['quarantine'], 'put'>;
  };
  readonly file: OutputFile;
  readonly observedAt: Date;
  readonly now: () => Date;
  readonly buffers: BufferPool;
}

/** One line can have hundreds of thousands of deletions, so they are written in several commands. */
const maxTombstones = 1000;

/** A sentence about a type names it well within this. */
const maxTextLength = 2000;

/** A document, and the line to quarantine if MongoDB refuses it. */
interface LineDocument {
  readonly document: ResourceDocument;
  readonly line: NdjsonLine;
}

/** Consecutive lines of a file that are written and committed together. */
export class FileBatch {
  readonly #options: FileBatchOptions;
  /** By resource type, because a file of type `Resource` can have several. */
  readonly #documents = new Map<string, LineDocument[]>();
  /** By resource type, because a Bundle of deletions can name resources of any type. */
  readonly #tombstones = new Map<string, ResourceDocument[]>();
  readonly #bad: QuarantinedLine[] = [];
  readonly #issues: IssueCount[] = [];
  #outcomes = 0;
  #headers = 0;
  #bytes = 0;
  #lines = 0;
  #nextOffset: number | undefined;
  readonly #bsonLines: BsonLines;
  readonly #maxLines: number;

  constructor(options: FileBatchOptions, maxLines = usualLines) {
    this.#options = options;
    this.#maxLines = maxLines;
    this.#bsonLines = new BsonLines(options.buffers);
  }

  get isFull(): boolean {
    return this.#lines >= this.#maxLines || this.#bytes >= maxBytes;
  }

  /** @param keptLine the part that is already stored of a line that is too long to be held in memory */
  add(line: NdjsonLine, keptLine?: KeptLine): void {
    if (!this.#takeUnparsed(line)) this.#take(line, parseJsonLine(line), keptLine);
  }

  /** Adds a last line that has no line end. @returns false if the line was cut off */
  addLast(line: NdjsonLine, keptLine?: KeptLine): boolean {
    if (this.#takeUnparsed(line)) return true;
    const parsed = parseJsonLine(line);
    if (parsed.kind === 'rejected' && (parsed.reason === 'invalid-json' || parsed.reason === 'invalid-utf8'))
      return false;
    this.#take(line, parsed, keptLine);
    return true;
  }

  /** Writes the batch. @returns a function that adds the batch to a checkpoint. The database has acknowledged all of it */
  async write(): Promise<(checkpoint: FileCheckpoint) => FileCheckpoint> {
    try {
      return await this.#write();
    } finally {
      this.#bsonLines.release();
    }
  }

  async #write(): Promise<(checkpoint: FileCheckpoint) => FileCheckpoint> {
    const { store, file, now } = this.#options;
    const bytes = this.#nextOffset;
    if (bytes === undefined) return (checkpoint) => checkpoint;
    let outcome = noOutcome;
    const types: string[] = [];
    for (const [type, documents] of this.#documents) {
      const ofType = await this.#store(type, documents);
      if (ofType.written + ofType.unchanged + ofType.stale > 0) types.push(type);
      outcome = sumOutcomes(outcome, ofType);
    }
    await store.quarantine.put({ lines: this.#bad, now: now() });
    const deleted = await this.#delete();
    return (checkpoint) => ({
      ...checkpoint,
      bytes,
      lines: checkpoint.lines + this.#lines,
      stored: checkpoint.stored + outcome.written + outcome.unchanged,
      unchanged: checkpoint.unchanged + outcome.unchanged,
      stale: checkpoint.stale + outcome.stale,
      quarantined: checkpoint.quarantined + this.#bad.length,
      deleted: checkpoint.deleted + deleted,
      issues: this.#issues.length > 0 ? sumIssues([...checkpoint.issues, ...this.#issues]) : checkpoint.issues,
      ...(outcome.withheld > 0 ? { withheld: (checkpoint.withheld ?? 0) + outcome.withheld } : {}),
      ...this.#advanceOptional({ file, checkpoint, types }),
    });
  }

  /** The optional fields, which the checkpoints of most files do not have. */
  #advanceOptional(options: {
    readonly file: OutputFile;
    readonly checkpoint: FileCheckpoint;
    readonly types: readonly string[];
  }): Partial<FileCheckpoint> {
    const { file, checkpoint, types } = options;
    if (file.section === 'deleted')
      return { unreadableDeletions: (checkpoint.unreadableDeletions ?? 0) + this.#bad.length };
    if (file.section === 'error') return {};
    return {
      ...(this.#outcomes > 0 ? { outcomes: (checkpoint.outcomes ?? 0) + this.#outcomes } : {}),
      ...(this.#headers > 0 ? { headers: (checkpoint.headers ?? 0) + this.#headers } : {}),
      ...(file.type === anyResourceType
        ? { types: [...new Set([...(checkpoint.types ?? []), ...types])].toSorted() }
        : {}),
    };
  }

  async #delete(): Promise<number> {
    let deleted = 0;
    for (const [type, tombstones] of this.#tombstones) {
      for (let from = 0; from < tombstones.length; from += maxTombstones) {
        const batch = tombstones.slice(from, from + maxTombstones);
        deleted += (await this.#options.store.resourceWriter.write(type, batch)).written;
      }
    }
    return deleted;
  }

  #store(type: string, documents: readonly LineDocument[]): Promise<WriteOutcome> {
    return writeWithBisection({
      items: documents,
      write: (batch) => this.#options.store.resourceWriter.write(type, batch),
      onRefused: ({ line }) => this.#quarantine(line, 'refused-by-database'),
    });
  }

  /** Takes an ordinary resource without parsing its line. @returns false if the line must be parsed */
  #takeUnparsed(line: NdjsonLine): boolean {
    const { file } = this.#options;
    if (file.section !== 'output' || line.isTooLong) return false;
    const read = readLineDocument({
      json: line.bytes,
      expectedType: file.type,
      context: this.#context(line),
      lines: this.#bsonLines,
    });
    if (!read) return false;
    this.#count(line);
    if (this.#isHeader(read.resourceType)) {
      this.#headers += 1;
      return true;
    }
    addTo({ lists: this.#documents, type: read.resourceType, item: { document: read.document, line } });
    return true;
  }

  #count(line: NdjsonLine): void {
    this.#bytes += line.bytes.length;
    this.#lines += 1;
    this.#nextOffset = line.nextOffset;
  }

  #take(line: NdjsonLine, parsed: JsonLine, keptLine?: KeptLine): void {
    this.#count(line);
    if (parsed.kind === 'rejected') this.#quarantine(line, parsed.reason, keptLine);
    else if (parsed.kind === 'value') this.#takeValue(line, parsed);
  }

  #takeValue(line: NdjsonLine, parsed: Extract<JsonLine, { kind: 'value' }>): void {
    const { section, type } = this.#options.file;
    // Servers also put an OperationOutcome between the resources if they cannot export something.
    if (isOperationOutcome(parsed.value)) this.#takeIssues(parsed.value);
    else if (section === 'output' && this.#isHeader((parsed.value as { resourceType?: unknown } | null)?.resourceType))
      this.#headers += 1;
    else if (section === 'deleted') this.#takeDeletions(line, parsed.value);
    else this.#takeResource(line, toResource(parsed, section === 'error' ? 'OperationOutcome' : type));
  }

  /** Files that are organized by patient (FHIR Bulk Data STU3) have `Parameters` between the resources, which servers do not store. */
  #isHeader(resourceType: unknown): boolean {
    return resourceType === 'Parameters' && this.#options.file.type !== 'Parameters';
  }

  #takeResource(line: NdjsonLine, parsed: ParsedLine): void {
    if (parsed.kind === 'rejected') this.#quarantine(line, parsed.reason);
    if (parsed.kind !== 'resource') return;
    const document = toResourceDocument({ ...parsed, context: this.#context(line) });
    if (!fitsInDocument(document, line.sizeBytes)) {
      this.#quarantine(line, 'too-large');
      return;
    }
    addTo({ lists: this.#documents, type: parsed.resource.resourceType, item: { document, line } });
  }

  #takeDeletions(line: NdjsonLine, value: unknown): void {
    const { deletions, unreadable } = readDeletions(value);
    for (const { resourceType, ...deletion } of deletions) {
      addTo({
        lists: this.#tombstones,
        type: resourceType,
        item: toTombstone({ ...deletion, context: this.#context(line) }),
      });
    }
    if (unreadable > 0) this.#quarantine(line, 'unreadable-deletion');
  }

  #takeIssues(outcome: unknown): void {
    this.#outcomes += 1;
    for (const { text, ...issue } of readReportedIssues(outcome)) {
      const ehrText = text === undefined ? undefined : toEhrText(text);
      // Only for people: what an issue proves to concern is in `types`.
      const words = new Set(text?.slice(0, maxTextLength).match(/[A-Za-z]+/g));
      const mentionedTypes = [...new Set([...(issue.types ?? []), ...[...words].filter(isResourceType)])].toSorted();
      this.#issues.push({
        ...issue,
        count: 1,
        ...(mentionedTypes.length > 0 ? { mentionedTypes } : {}),
        ...(ehrText === undefined ? {} : { ehrText }),
      });
    }
  }

  #quarantine({ line, offset, bytes, sizeBytes }: NdjsonLine, reason: string, keptLine?: KeptLine): void {
    const { id: fileId, exportId, connectionId, type: resourceType } = this.#options.file;
    // Copy the bytes. They are a view of a chunk that would otherwise stay in memory.
    const content = keptLine ?? { bytes: Buffer.from(bytes) };
    this.#bad.push({ connectionId, exportId, fileId, resourceType, line, offset, reason, sizeBytes, ...content });
  }

  #context({ line }: NdjsonLine) {
    const { file, observedAt, now } = this.#options;
    const source = { exportId: file.exportId, fileId: file.id, line };
    return { connectionId: file.connectionId, source, observedAt, now: now() };
  }
}

function addTo<Item>(options: {
  readonly lists: Map<string, Item[]>;
  readonly type: string;
  readonly item: Item;
}): void {
  const { lists, type, item } = options;
  const list = lists.get(type);
  if (list) list.push(item);
  else lists.set(type, [item]);
}
