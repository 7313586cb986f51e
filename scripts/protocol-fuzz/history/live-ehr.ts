import type { CurrentVersion, PastDeletion, ServedWorld } from '../server/world.ts';

export interface ResourceName {
  readonly type: string;
  readonly id: string;
  readonly patientId: string | undefined;
  readonly replacedId?: string | undefined;
}

interface Row extends CurrentVersion {
  /** When it was changed, by the EHR's clock. `lastUpdated` can be a local time. */
  readonly changedAt: string;
}

/** What a backup has. */
interface Data {
  /** In the order of their last change, so that a change moves a resource to the last page of a search. */
  readonly rows: readonly Row[];
  readonly deletions: readonly PastDeletion[];
  readonly versions: ReadonlyMap<string, number>;
}

/** A change that happens while a search with these matches is read. */
type PageChange = (matches: readonly CurrentVersion[]) => void;

const hourMs = 3_600_000;

/** An EHR whose data and clock change while a client reads it. */
export class LiveEhr implements ServedWorld {
  readonly #now: () => number;
  #data: Data = { rows: [], deletions: [], versions: new Map() };
  #backup: Data | undefined;
  /** Resources that were lost in a restore. No export lists their deletion. */
  readonly #lost = new Set<string>();
  #changes = 0;
  #lastMs = 0;
  #clock = { offsetMs: 0, rate: 1, sinceMs: 0 };
  readonly #localMs: number;
  #betweenPages: PageChange[] = [];

  /** @param options.localHours what the EHR adds to each `meta.lastUpdated`: a local time that it marks as UTC */
  constructor({ now, localHours }: { readonly now: () => number; readonly localHours: number }) {
    this.#now = now;
    this.#localMs = localHours * hourMs;
  }

  /** @param clock.rate 1.1 for a clock that gains six minutes each hour, from now on */
  setClock({ offsetMs, rate }: { readonly offsetMs: number; readonly rate: number }): void {
    this.#clock = { offsetMs, rate, sinceMs: this.#now() };
  }

  /** The resources in the order of their last change. */
  get rows(): readonly CurrentVersion[] {
    return this.#data.rows;
  }

  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  write(name: ResourceName): void {
    const { rows, deletions, versions } = this.#data;
    const key = keyOf(name);
    const version = (versions.get(key) ?? 0) + 1;
    const changedAt = this.#tick();
    const lastUpdated = new Date(Date.parse(changedAt) + this.#localMs).toISOString();
    this.#changes += 1;
    this.#lost.delete(key);
    this.#data = {
      rows: [...rows.filter(isNot(key)), { ...name, version, lastUpdated, changedAt, change: this.#changes }],
      deletions: deletions.filter(isNot(key)),
      versions: new Map([...versions, [key, version]]),
    };
  }

  /** Does nothing if the resource does not exist. */
  delete({ type, id }: ResourceName): void {
    const { rows, deletions, versions } = this.#data;
    const key = keyOf({ type, id });
    if (rows.every(isNot(key))) return;
    const deletion = { type, id, deletedAt: this.#tick() };
    this.#data = { rows: rows.filter(isNot(key)), deletions: [...deletions, deletion], versions };
  }

  takeBackup(): void {
    this.#backup = this.#data;
  }

  /** @returns whether there was a backup */
  restore(): boolean {
    if (!this.#backup) return false;
    const restored = new Set(this.#backup.rows.map(keyOf));
    for (const row of this.#data.rows) if (!restored.has(keyOf(row))) this.#lost.add(keyOf(row));
    for (const key of restored) this.#lost.delete(key);
    this.#data = this.#backup;
    return true;
  }

  /** Makes these changes, one before each further page of the following searches. */
  changeBetweenPages(changes: readonly PageChange[]): void {
    this.#betweenPages = [...changes];
  }

  beforePage(matches: readonly CurrentVersion[]): void {
    this.#betweenPages.shift()?.(matches);
  }

  /** Changes everything that exists, so that the next export or sync has something to store. */
  writeAll(): void {
    for (const { type, id, patientId, replacedId } of this.#data.rows) this.write({ type, id, patientId, replacedId });
  }

  endOf(): string {
    return this.#tick();
  }

  current({ since }: { readonly since?: string | undefined }): CurrentVersion[] {
    return this.#data.rows
      .filter(({ changedAt }) => isAfter(changedAt, since))
      .map(({ changedAt: _, ...version }) => version);
  }

  deletions({ since }: { readonly since: string | undefined }): PastDeletion[] {
    // A full export lists no deletions (FHIR Bulk Data, "Response - Complete Status").
    if (since === undefined) return [];
    return this.#data.deletions.filter(({ deletedAt }) => isAfter(deletedAt, since));
  }

  /** Two changes never have the same time. A clock that was set back by more than a moment goes back. */
  #tick(): string {
    const { offsetMs, rate, sinceMs } = this.#clock;
    const now = this.#now();
    const ms = Math.round(now + offsetMs + (now - sinceMs) * (rate - 1));
    this.#lastMs = ms <= this.#lastMs && this.#lastMs - ms < 5000 ? this.#lastMs + 1 : ms;
    return new Date(this.#lastMs).toISOString();
  }
}

export function keyOf({ type, id }: Pick<ResourceName, 'type' | 'id'>): string {
  return `${type}/${id}`;
}

function isNot(key: string): (name: Pick<ResourceName, 'type' | 'id'>) => boolean {
  return (name) => keyOf(name) !== key;
}

function isAfter(time: string, since: string | undefined): boolean {
  return since === undefined || Date.parse(time) > Date.parse(since);
}
