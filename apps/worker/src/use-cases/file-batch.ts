import { type FileCheckpoint, type IssueCount, type OutputFile, sumIssues } from '@bulkhead/domain';
import {
  isOperationOutcome,
  type JsonLine,
  type NdjsonLine,
  type ParsedLine,
  parseJsonLine,
  readDeletions,
  readOutcomeIssues,
  toResource,
} from '@bulkhead/fhir';
import {
  fitsInDocument,
  isDocumentRefused,
  type QuarantinedLine,
  type ResourceDocument,
  type Store,
  toResourceDocument,
  toTombstone,
  type WriteOutcome,
} from '@bulkhead/store';

/**
 * Larger batches are no faster (measured on 300 MB: 6,900 resources/s with 125 as with 250, 3,900 on 60 MB with 250 as with
 * 1,000) and cost memory: two batches of each of the four downloads of a process are alive at a time.
 */
const maxDocuments = 125;
const maxBytes = 1024 * 1024;

type Parsed = Extract<ParsedLine, { kind: 'resource' }>;
type Value = Extract<JsonLine, { kind: 'value' }>;

interface FileBatchOptions {
  readonly store: {
    readonly resourceWriter: Store['resourceWriter'];
    readonly quarantine: Pick<Store['quarantine'], 'put'>;
  };
  readonly file: OutputFile;
  readonly observedAt: Date;
  readonly now: () => Date;
}

const noOutcome: WriteOutcome = { written: 0, unchanged: 0, stale: 0 };

/** A document, and the line to quarantine if MongoDB refuses it. */
interface LineDocument {
  readonly document: ResourceDocument;
  readonly line: NdjsonLine;
}

/** Consecutive lines of a file, to be written and committed together. */
export class FileBatch {
  readonly #options: FileBatchOptions;
  readonly #documents: LineDocument[] = [];
  /** By resource type: a Bundle of deletions names resources of any. */
  readonly #tombstones = new Map<string, ResourceDocument[]>();
  readonly #bad: QuarantinedLine[] = [];
  readonly #issues: IssueCount[] = [];
  #bytes = 0;
  #lines = 0;
  #nextOffset: number | undefined;

  constructor(options: FileBatchOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#lines >= maxDocuments || this.#bytes >= maxBytes;
  }

  /** @param sealedFile where a line is kept already that was too long to be held. */
  add(line: NdjsonLine, sealedFile?: string): void {
    this.#take(line, parseJsonLine(line), sealedFile);
  }

  /** The line that no line end closed. @returns false if it is cut off rather than the last. */
  addLast(line: NdjsonLine, sealedFile?: string): boolean {
    const parsed = parseJsonLine(line);
    if (parsed.kind === 'rejected' && (parsed.reason === 'invalid-json' || parsed.reason === 'invalid-utf8'))
      return false;
    this.#take(line, parsed, sealedFile);
    return true;
  }

  /** @returns what this batch adds to a checkpoint; the database has acknowledged all of it. */
  async write(): Promise<(checkpoint: FileCheckpoint) => FileCheckpoint> {
    const { store, file, now } = this.#options;
    const bytes = this.#nextOffset;
    if (bytes === undefined) return (checkpoint) => checkpoint;
    const outcome = await this.#store(this.#documents);
    await store.quarantine.put({ lines: this.#bad, now: now() });
    let deleted = 0;
    for (const [type, tombstones] of this.#tombstones)
      deleted += (await store.resourceWriter.write(type, tombstones)).written;
    return (checkpoint) => ({
      bytes,
      lines: checkpoint.lines + this.#lines,
      stored: checkpoint.stored + outcome.written + outcome.unchanged,
      unchanged: checkpoint.unchanged + outcome.unchanged,
      stale: checkpoint.stale + outcome.stale,
      quarantined: checkpoint.quarantined + this.#bad.length,
      deleted: checkpoint.deleted + deleted,
      ...(file.section === 'deleted'
        ? { unreadableDeletions: (checkpoint.unreadableDeletions ?? 0) + this.#bad.length }
        : {}),
      issues: this.#issues.length > 0 ? sumIssues([...checkpoint.issues, ...this.#issues]) : checkpoint.issues,
    });
  }

  /** A batch in which MongoDB refuses a document is halved until the line is found; all others are stored. */
  async #store(documents: readonly LineDocument[]): Promise<WriteOutcome> {
    const [first] = documents;
    if (first === undefined) return noOutcome;
    const { store, file } = this.#options;
    try {
      return await store.resourceWriter.write(
        file.type,
        documents.map(({ document }) => document),
      );
    } catch (error) {
      if (!isDocumentRefused(error)) throw error;
      if (documents.length > 1) return this.#storeHalves(documents);
      this.#quarantine(first.line, 'refused-by-database');
      return noOutcome;
    }
  }

  async #storeHalves(documents: readonly LineDocument[]): Promise<WriteOutcome> {
    const middle = Math.ceil(documents.length / 2);
    const first = await this.#store(documents.slice(0, middle));
    const second = await this.#store(documents.slice(middle));
    return {
      written: first.written + second.written,
      unchanged: first.unchanged + second.unchanged,
      stale: first.stale + second.stale,
    };
  }

  #take(line: NdjsonLine, parsed: JsonLine, sealedFile?: string): void {
    this.#bytes += line.bytes.length;
    this.#lines += 1;
    this.#nextOffset = line.nextOffset;
    if (parsed.kind === 'rejected') this.#quarantine(line, parsed.reason, sealedFile);
    else if (parsed.kind === 'value') this.#takeValue(line, parsed);
  }

  #takeValue(line: NdjsonLine, parsed: Value): void {
    const { section, type } = this.#options.file;
    if (section === 'deleted') return this.#takeDeletions(line, parsed.value);
    if (section === 'error' && isOperationOutcome(parsed.value)) return this.#takeIssues(parsed.value);
    const resource = toResource(parsed, section === 'error' ? 'OperationOutcome' : type);
    if (resource.kind === 'rejected') this.#quarantine(line, resource.reason);
    else if (resource.kind === 'resource') this.#takeResource(line, resource);
  }

  #takeResource(line: NdjsonLine, parsed: Parsed): void {
    const document = toResourceDocument({ ...parsed, context: this.#context(line) });
    if (fitsInDocument(document, line.sizeBytes)) this.#documents.push({ document, line });
    else this.#quarantine(line, 'too-large');
  }

  #takeDeletions(line: NdjsonLine, value: unknown): void {
    const { deletions, unreadable } = readDeletions(value);
    for (const { resourceType, ...deletion } of deletions) {
      const tombstones = this.#tombstones.get(resourceType) ?? [];
      tombstones.push(toTombstone({ ...deletion, context: this.#context(line) }));
      this.#tombstones.set(resourceType, tombstones);
    }
    if (unreadable > 0) this.#quarantine(line, 'unreadable-deletion');
  }

  #takeIssues(outcome: unknown): void {
    // What a server writes there is shown; the codes of FHIR's value set have at most 16 characters.
    const short = (text: string) => text.slice(0, 40);
    for (const { severity, code } of readOutcomeIssues(outcome)) {
      this.#issues.push({ severity: short(severity), code: short(code), count: 1 });
    }
  }

  #quarantine({ line, offset, bytes, sizeBytes }: NdjsonLine, reason: string, sealedFile?: string): void {
    const { id: fileId, exportId, connectionId } = this.#options.file;
    // A copy: `bytes` is a view of a chunk that would otherwise stay in memory with it.
    const held = sealedFile === undefined ? { bytes: Buffer.from(bytes) } : { sealedFile };
    this.#bad.push({ connectionId, exportId, fileId, line, offset, reason, sizeBytes, ...held });
  }

  #context({ line }: NdjsonLine) {
    const { file, observedAt, now } = this.#options;
    const source = { exportId: file.exportId, fileId: file.id, line };
    return { connectionId: file.connectionId, source, observedAt, now: now() };
  }
}
