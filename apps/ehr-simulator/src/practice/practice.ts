import type { Clock } from '../options/clock.ts';
import { parseExact, withMeta } from './exact-json.ts';
import type { BatchesInput, PracticeSource, ResourceBatch, StoredResource } from './practice-source.ts';

/** The index of the last batch, which holds the changes. */
const overlayBatch = Number.MAX_SAFE_INTEGER;

export interface ResourceKey {
  readonly type: string;
  readonly id: string;
}

interface PutInput extends ResourceKey {
  readonly text: string;
  readonly keepMeta?: boolean;
}

interface SnapshotBatchesInput extends BatchesInput {
  /** A value of `sequence`: the state after that many changes. */
  readonly asOf: number;
}

/** The record of a practice: a source that never changes, and an overlay of later changes and deletions. */
export class Practice {
  readonly #source: PracticeSource;
  readonly #clock: Clock;
  readonly #overlay = new Overlay();
  #lastInstantMs = 0;

  constructor({ source, clock }: { readonly source: PracticeSource; readonly clock: Clock }) {
    this.#source = source;
    this.#clock = clock;
  }

  /** The number of changes so far. It identifies the current state. */
  get sequence(): number {
    return this.#overlay.sequence;
  }

  get types(): readonly string[] {
    return [...new Set([...this.#source.types, ...this.#overlay.types()])];
  }

  /**
   * The server's time. It never returns the same value twice, so that every change is strictly before or after every
   * export.
   */
  instant(): number {
    this.#lastInstantMs = Math.max(this.#clock.now(), this.#lastInstantMs + 1);
    return this.#lastInstantMs;
  }

  /**
   * Stores a new version and keeps the text of numbers. `keepMeta` keeps the version and date of the resource, which a
   * server must not do.
   * @throws SyntaxError if the text is not valid JSON.
   */
  async put({ type, id, text, keepMeta = false }: PutInput): Promise<StoredResource> {
    const base = await this.#source.read({ type, id });
    const current = keepMeta ? await this.read({ type, id }) : undefined;
    if (current) {
      const { versionId, lastUpdatedMs } = current;
      return this.#overlay.add({ type, id, versionId, lastUpdatedMs, text: JSON.stringify(parseExact(text)) });
    }
    const versionId = (this.#overlay.latest({ type, id })?.versionId ?? base?.versionId ?? 0) + 1;
    const lastUpdatedMs = this.instant();
    const meta = { versionId: String(versionId), lastUpdated: new Date(lastUpdatedMs).toISOString() };
    return this.#overlay.add({ type, id, versionId, lastUpdatedMs, text: withMeta(text, meta) });
  }

  /** @returns false if there was nothing to delete. */
  async remove({ type, id }: ResourceKey): Promise<boolean> {
    const current = await this.read({ type, id });
    if (!current) return false;
    const { versionId } = current;
    this.#overlay.add({ type, id, versionId: versionId + 1, lastUpdatedMs: this.instant(), text: undefined });
    return true;
  }

  async read({ type, id }: ResourceKey): Promise<StoredResource | undefined> {
    const change = this.#overlay.latest({ type, id });
    if (change) return presentOf(change);
    return await this.#source.read({ type, id });
  }

  isDeleted(key: ResourceKey): boolean {
    const change = this.#overlay.latest(key);
    return change !== undefined && change.text === undefined;
  }

  async ofPatient({ type, patientId }: { readonly type: string; readonly patientId: string }) {
    const base = await this.#source.ofPatient({ type, patientId });
    const untouched = base.filter(({ id }) => !this.#overlay.latest({ type, id }));
    return [...untouched, ...present(this.#overlay.asOf({ type, sequence: this.sequence }))];
  }

  /** The state at `asOf` in a fixed order. Changed resources come last. */
  async *batches({ type, fromBatch = 0, sinceMs, asOf }: SnapshotBatchesInput): AsyncGenerator<ResourceBatch> {
    const changes = this.#overlay.asOf({ type, sequence: asOf });
    if (fromBatch < overlayBatch && this.#source.types.includes(type)) {
      for await (const { index, resources } of this.#source.batches({ type, fromBatch, sinceMs })) {
        yield { index, resources: changes.size === 0 ? resources : resources.filter(({ id }) => !changes.has(id)) };
      }
    }
    const resources = present(changes).filter(({ lastUpdatedMs }) => lastUpdatedMs > (sinceMs ?? -1));
    if (resources.length > 0) yield { index: overlayBatch, resources };
  }

  /** The ids of a type that were deleted after `sinceMs` and are still deleted at `asOf`. */
  deletedSince({ type, sinceMs, asOf }: { readonly type: string; readonly sinceMs: number; readonly asOf: number }) {
    const changes = [...this.#overlay.asOf({ type, sequence: asOf }).values()];
    return changes
      .filter(({ text, lastUpdatedMs }) => text === undefined && lastUpdatedMs > sinceMs)
      .map(({ id }) => id);
  }
}

function present(changes: ReadonlyMap<string, Change>): StoredResource[] {
  return [...changes.values()].flatMap((change) => presentOf(change) ?? []);
}

function presentOf({ id, versionId, lastUpdatedMs, text }: Change): StoredResource | undefined {
  return text === undefined ? undefined : { id, versionId, lastUpdatedMs, text };
}

/** A changed version of a resource. Without text it is a deletion. */
interface Change extends Omit<StoredResource, 'text'> {
  readonly text: string | undefined;
}

interface SequencedChange extends Change {
  readonly sequence: number;
}

/** Every change with its history, so that a running export still reads the state of its kick-off. */
class Overlay {
  readonly #histories = new Map<string, Map<string, SequencedChange[]>>();
  #changeCount = 0;

  get sequence(): number {
    return this.#changeCount;
  }

  types(): Iterable<string> {
    return this.#histories.keys();
  }

  add<Text extends string | undefined>({
    type,
    ...change
  }: Omit<Change, 'text'> & { readonly type: string; readonly text: Text }) {
    this.#changeCount += 1;
    const byId = this.#histories.get(type) ?? new Map<string, SequencedChange[]>();
    this.#histories.set(type, byId);
    byId.set(change.id, [...(byId.get(change.id) ?? []), { ...change, sequence: this.#changeCount }]);
    return change;
  }

  latest({ type, id }: { readonly type: string; readonly id: string }): Change | undefined {
    return this.#histories.get(type)?.get(id)?.at(-1);
  }

  /** The newest change of each id up to a sequence number. */
  asOf({ type, sequence }: { readonly type: string; readonly sequence: number }): ReadonlyMap<string, Change> {
    const changes = new Map<string, Change>();
    for (const [id, history] of this.#histories.get(type) ?? []) {
      const change = history.findLast((candidate) => candidate.sequence <= sequence);
      if (change) changes.set(id, change);
    }
    return changes;
  }
}
