import { createHash, type Hash } from 'node:crypto';
import { addCounts, type ByteReservation, present, runWithPauses, toEhrText } from '@bulkhead/base';
import type { LongLinePart } from '@bulkhead/fhir';
import {
  anyResourceType,
  isOperationOutcome,
  isResourceType,
  type JsonLine,
  type NdjsonLine,
  type ParsedLine,
  parseJsonLineInSteps,
  readDeletionsInSteps,
  readReportedIssuesInSteps,
  runSteps,
  type Steps,
  toResource,
} from '@bulkhead/fhir';
import {
  noOutcome,
  patientsOfDocument,
  type ResourceDocument,
  type ResourceWriter,
  readLineDocument,
  sumOutcomes,
  toStorableInSteps,
  toTombstone,
  type WriteOutcome,
  writeWithBisection,
} from '@bulkhead/records';
import type { QuarantinedLine, QuarantineReason, QuarantineStore } from '@bulkhead/records/quarantine';
import { maxKeptLineBytes } from '@bulkhead/records/quarantine';
import type { EncryptedFileWriter } from '@bulkhead/store';
import { BsonLines, type BufferPool } from '@bulkhead/store/bson';
import type { IssueCount } from '../bulk-export.record.ts';
import { type FileCheckpoint, type OutputFile, sumIssues } from '../output-file.record.ts';
import type { Observation } from './export-contexts.ts';

/** Larger batches cost the client and the database less for each line, and memory: a process has four downloads, each with up to four of them. */
const maxBytes = 512 * 1024;
/** Short lines have more bytes as documents than as lines. */
const usualLines = 500;
/** What a slow server has sent is stored, seen, and where a download that broke off continues. */
const maxAgeMs = 1000;
/** The first batch of a file is smaller, because the database has nothing to do until it is complete. */
export const firstBatchLines = 32;

interface FileBatchOptions {
  readonly store: {
    readonly resourceWriter: ResourceWriter;
    readonly quarantine: Pick<QuarantineStore['quarantine'], 'put'>;
  };
  readonly file: OutputFile;
  readonly observation: Observation;
  readonly now: () => Date;
  readonly buffers: BufferPool;
}

/** Shorter lines take some 20 ms, whatever they contain. */
const pausedBytes = 128 * 1024;

/** Some 10 ms. */
const issuesPerStep = 1000;

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
  #issues: IssueCount[] = [];
  #outcomes = 0;
  #headers = 0;
  #notAsked = 0;
  #bytes = 0;
  #lines = 0;
  #firstAt: number | undefined;
  #nextOffset: number | undefined;
  readonly #bsonLines: BsonLines;
  readonly #reservations: ByteReservation[] = [];
  readonly #maxLines: number;

  constructor(options: FileBatchOptions, maxLines = usualLines) {
    this.#options = options;
    this.#maxLines = maxLines;
    this.#bsonLines = new BsonLines(options.buffers);
  }

  get isFull(): boolean {
    const ageMs = performance.now() - (this.#firstAt ?? Number.POSITIVE_INFINITY);
    return this.#lines >= this.#maxLines || this.#bytes >= maxBytes || ageMs >= maxAgeMs;
  }

  /** @param keptLine the part that is already stored of a line that is too long to be held in memory */
  add(line: NdjsonLine, keptLine?: KeptLine): Promise<void> | undefined {
    this.#firstAt ??= performance.now();
    if (this.#takeUnparsed(line)) return undefined;
    const steps = this.#takeInSteps(line, keptLine);
    if (line.bytes.length > pausedBytes) return runWithPauses(steps);
    runSteps(steps);
    return undefined;
  }

  /** Adds a last line that has no line end. @returns false if the line was cut off */
  async addLast(line: NdjsonLine, keptLine?: KeptLine): Promise<boolean> {
    if (this.#takeUnparsed(line)) return true;
    const parsed = await runWithPauses(parseJsonLineInSteps(line));
    if (parsed.kind === 'rejected' && (parsed.reason === 'invalid-json' || parsed.reason === 'invalid-utf8'))
      return false;
    await runWithPauses(this.#take(line, parsed, keptLine));
    return true;
  }

  /** Writes the batch. @returns a function that adds the batch to a checkpoint. The database has acknowledged all of it */
  async write(): Promise<(checkpoint: FileCheckpoint) => FileCheckpoint> {
    try {
      return await this.#write();
    } finally {
      this.release();
    }
  }

  /** Keeps the bytes of a large line until the batch is written. */
  keep(reservation: ByteReservation): void {
    this.#reservations.push(reservation);
  }

  /** Gives back what a batch holds that is written, or will not be written. */
  release(): void {
    this.#bsonLines.release();
    for (const reservation of this.#reservations.splice(0)) reservation.release();
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
    const withheldLines = await store.quarantine.put({ lines: this.#bad, now: now() });
    const deletions = await this.#delete();
    const { setBack = 0, contradictions = 0, incomplete = 0 } = sumOutcomes(outcome, deletions);
    const counts = {
      lines: this.#lines,
      stored: outcome.written + outcome.unchanged,
      unchanged: outcome.unchanged,
      stale: outcome.stale,
      quarantined: this.#bad.length - withheldLines,
      deleted: deletions.written,
      unreadableDeletions: file.section === 'deleted' ? this.#bad.length : 0,
      setBack,
      contradictions,
      incomplete,
      withheld: outcome.withheld + withheldLines,
      withheldLines,
      // Every line of an `error` file is one.
      outcomes: file.section === 'output' ? this.#outcomes : 0,
      headers: this.#headers,
      notAsked: this.#notAsked,
    };
    return ({ issues, ...checkpoint }) => ({
      ...checkpoint,
      ...addCounts(checkpoint, counts),
      bytes,
      issues: this.#issues.length > 0 ? sumIssues([...issues, ...this.#issues]) : issues,
      ...present({ types: this.#addTypes(checkpoint, types) }),
    });
  }

  /** A manifest that gives no type says nothing of what the file has. */
  #addTypes({ types = [] }: Pick<FileCheckpoint, 'types'>, added: readonly string[]): readonly string[] | undefined {
    const { section, type } = this.#options.file;
    if (section !== 'output' || type !== anyResourceType) return undefined;
    return [...new Set([...types, ...added])].toSorted();
  }

  async #delete(): Promise<WriteOutcome> {
    let outcome = noOutcome;
    for (const [type, tombstones] of this.#tombstones) {
      for (let from = 0; from < tombstones.length; from += maxTombstones) {
        const batch = tombstones.slice(from, from + maxTombstones);
        outcome = sumOutcomes(outcome, await this.#options.store.resourceWriter.write(type, batch));
      }
    }
    return outcome;
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
    this.#add(line, read);
    return true;
  }

  /** An EHR that ignores the list of patients sends everybody's resources. */
  #add(line: NdjsonLine, { resourceType, document }: { resourceType: string; document: ResourceDocument }): void {
    const { patients } = this.#options.observation;
    const owners = patients ? patientsOfDocument(document) : [];
    if (patients && owners.length > 0 && !owners.some((id) => patients.has(id))) this.#notAsked += 1;
    else addTo({ lists: this.#documents, type: resourceType, item: { document, line } });
  }

  #count(line: NdjsonLine): void {
    this.#bytes += line.bytes.length;
    this.#lines += 1;
    this.#nextOffset = line.nextOffset;
  }

  *#takeInSteps(line: NdjsonLine, keptLine?: KeptLine): Steps<void> {
    const parsed = yield* parseJsonLineInSteps(line);
    yield* this.#take(line, parsed, keptLine);
  }

  *#take(line: NdjsonLine, parsed: JsonLine, keptLine?: KeptLine): Steps<void> {
    this.#count(line);
    if (parsed.kind === 'rejected') this.#quarantine(line, parsed.reason, keptLine);
    else if (parsed.kind === 'value') yield* this.#takeValue(line, parsed);
  }

  *#takeValue(line: NdjsonLine, parsed: Extract<JsonLine, { kind: 'value' }>): Steps<void> {
    const { section, type } = this.#options.file;
    // Servers also put an OperationOutcome between the resources if they cannot export something.
    if (isOperationOutcome(parsed.value)) yield* this.#takeIssues(parsed.value);
    else if (section === 'output' && this.#isHeader((parsed.value as { resourceType?: unknown } | null)?.resourceType))
      this.#headers += 1;
    else if (section === 'deleted') yield* this.#takeDeletions(line, parsed.value);
    else yield* this.#takeResource(line, toResource(parsed, section === 'error' ? 'OperationOutcome' : type));
  }

  /** Files that are organized by patient (FHIR Bulk Data STU3) have `Parameters` between the resources, which servers do not store. */
  #isHeader(resourceType: unknown): boolean {
    return resourceType === 'Parameters' && this.#options.file.type !== 'Parameters';
  }

  *#takeResource(line: NdjsonLine, parsed: ParsedLine): Steps<void> {
    if (parsed.kind === 'rejected') this.#quarantine(line, parsed.reason);
    if (parsed.kind !== 'resource') return;
    const document = yield* toStorableInSteps({ ...parsed, context: this.#context(line) });
    if (!document) this.#quarantine(line, 'too-large');
    else this.#add(line, { resourceType: parsed.resource.resourceType, document });
  }

  *#takeDeletions(line: NdjsonLine, value: unknown): Steps<void> {
    const { deletions, unreadable } = yield* readDeletionsInSteps(value);
    const context = this.#context(line);
    for (const [index, { resourceType, ...deletion }] of deletions.entries()) {
      if (index % maxTombstones === 0) yield;
      addTo({ lists: this.#tombstones, type: resourceType, item: toTombstone({ ...deletion, context }) });
    }
    if (unreadable > 0) this.#quarantine(line, 'unreadable-deletion');
  }

  *#takeIssues(outcome: unknown): Steps<void> {
    this.#outcomes += 1;
    const issues = yield* readReportedIssuesInSteps(outcome);
    for (const [index, { text, ...issue }] of issues.entries()) {
      if (index % issuesPerStep === 0) yield;
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
    // The sums are few, however many issues a line has.
    this.#issues = sumIssues(this.#issues);
  }

  #quarantine({ line, offset, bytes, sizeBytes }: NdjsonLine, reason: QuarantineReason, keptLine?: KeptLine): void {
    const { id: fileId, exportId: runId, connectionId, type: resourceType } = this.#options.file;
    // Copy the bytes. They are a view of a chunk that would otherwise stay in memory.
    const content = keptLine ?? { bytes: Buffer.from(bytes) };
    this.#bad.push({ connectionId, runId, fileId, resourceType, line, offset, reason, sizeBytes, ...content });
  }

  #context({ line }: NdjsonLine) {
    const { file, now } = this.#options;
    const { level, patients: _, ...observation } = this.#options.observation;
    const source = { exportId: file.exportId, fileId: file.id, line, ...present({ level }) };
    return { connectionId: file.connectionId, source, ...observation, now: now() };
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

/** The stored part of a line that is too long to be held in memory. */
export type KeptLine = Required<Pick<QuarantinedLine, 'encryptedFile' | 'keptBytes' | 'sha256'>>;

interface OpenLine {
  readonly writer: EncryptedFileWriter;
  readonly hash: Hash;
  keptBytes: number;
}

/** Writes a line that no document can hold into the quarantine: its first part and its hash. The line is never in memory as a whole. */
export class LongLine {
  readonly #quarantine: Pick<QuarantineStore['quarantine'], 'createLongLine'>;
  readonly #file: Pick<OutputFile, 'id' | 'connectionId'>;
  #line: OpenLine | undefined;

  constructor(options: {
    readonly store: { readonly quarantine: Pick<QuarantineStore['quarantine'], 'createLongLine'> };
    readonly file: OutputFile;
  }) {
    this.#quarantine = options.store.quarantine;
    this.#file = options.file;
  }

  async write({ part, offset }: LongLinePart): Promise<void> {
    const { id: fileId, connectionId } = this.#file;
    this.#line ??= {
      writer: await this.#quarantine.createLongLine({ connectionId, fileId, offset }),
      hash: createHash('sha256'),
      keptBytes: 0,
    };
    const line = this.#line;
    line.hash.update(part);
    const keptPart = part.subarray(0, maxKeptLineBytes - line.keptBytes);
    if (keptPart.length === 0) return;
    line.keptBytes += keptPart.length;
    await line.writer.write(keptPart);
  }

  /** Ends the line. @returns undefined if none was being written */
  async end(): Promise<KeptLine | undefined> {
    const line = this.#line;
    this.#line = undefined;
    if (line === undefined) return undefined;
    return { encryptedFile: await line.writer.end(), keptBytes: line.keptBytes, sha256: line.hash.digest('hex') };
  }

  /** Discards the line, because its rest was not received. It is read again from its start. */
  async abort(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    await line?.writer.abort();
  }
}
