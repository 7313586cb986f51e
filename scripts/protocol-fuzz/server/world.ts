/** The life of a resource at the server: the event of each period, from period 1 on. */
export interface Life {
  readonly type: string;
  readonly id: string;
  /** The event of each period: `none` before its creation and between changes. */
  readonly events: readonly ('none' | 'write' | 'delete')[];
}

/** A version of a resource that is current at the end of a period. */
export interface CurrentVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: string;
  /** The patient to whose record it belongs; undefined for a patient. */
  readonly patientId: string | undefined;
  /** The duplicate that a patient has replaced, after a merge. */
  readonly replacedId?: string | undefined;
  /** The number of the change that wrote it. Unlike its version, it is unique after a backup was restored. */
  readonly change?: number;
}

export interface PastDeletion {
  readonly type: string;
  readonly id: string;
  readonly deletedAt: string;
}

/** The data of a practice, as a hostile server serves it. */
export interface ServedWorld {
  /** The server's time at the end of a period. */
  endOf(period: number): string;
  current(options: { readonly period: number; readonly since?: string | undefined }): CurrentVersion[];
  deletions(options: { readonly period: number; readonly since: string | undefined }): PastDeletion[];
  /** Called before a further page of a search is served, with its matches so far. */
  beforePage?(matches: readonly CurrentVersion[]): void;
}

/** Resources from before the first export are older than any wait of it. */
const firstPeriodMs = 30 * 86_400_000;

/** The resources that the server should serve at the end of a period. The stored ones are compared with them. */
export class World implements ServedWorld {
  readonly #lives: readonly Life[];
  readonly #now: () => number;
  /** The ends of the periods so far. Index 0 is the beginning. */
  readonly #endsMs: number[];

  constructor({ lives, now }: { readonly lives: readonly Life[]; readonly now: () => number }) {
    this.#lives = lives;
    this.#now = now;
    this.#endsMs = [now() - firstPeriodMs];
  }

  /**
   * Returns the end of a period. An export at that time has it as its transaction time. The end is the instant of the
   * first request for it, so the server's clock is right unless a plan changes it.
   */
  endOf(period: number): string {
    while (this.#endsMs.length <= period) this.#endsMs.push(Math.max(this.#now(), (this.#endsMs.at(-1) ?? 0) + 2));
    return new Date(this.#endsMs[period] ?? 0).toISOString();
  }

  /** @param options.since returns only changes after this instant */
  current({ period, since }: { readonly period: number; readonly since?: string | undefined }): CurrentVersion[] {
    const patients = this.#lives.filter(({ type }) => type === 'Patient');
    return this.#lives.flatMap((life, index) => {
      const last = lastEvent(life, period);
      if (last === undefined || life.events[last - 1] !== 'write') return [];
      const lastUpdated = this.#instantIn(last);
      if (since !== undefined && lastUpdated <= since) return [];
      const version = life.events.slice(0, last).filter((event) => event === 'write').length;
      const patientId = life.type === 'Patient' ? undefined : patients[index % patients.length]?.id;
      return [{ type: life.type, id: life.id, version, lastUpdated, patientId }];
    });
  }

  deletions({ period, since }: { readonly period: number; readonly since: string | undefined }): PastDeletion[] {
    // A full export lists no deletions (FHIR Bulk Data, "Response - Complete Status").
    if (since === undefined) return [];
    return this.#lives.flatMap((life) => {
      const last = lastEvent(life, period);
      if (last === undefined || life.events[last - 1] !== 'delete') return [];
      const deletedAt = this.#instantIn(last);
      const existed = life.events.slice(0, last).includes('write');
      return existed && deletedAt > since ? [{ type: life.type, id: life.id, deletedAt }] : [];
    });
  }

  /** Just before the period ends, so that it is after everything in the previous period. */
  #instantIn(period: number): string {
    return new Date(Date.parse(this.endOf(period)) - 1).toISOString();
  }
}

/** Returns the period of the last event up to a period. */
function lastEvent({ events }: Life, period: number): number | undefined {
  const index = events.slice(0, period).findLastIndex((event) => event !== 'none');
  return index < 0 ? undefined : index + 1;
}

export function toResource({ type, id, version, lastUpdated, patientId, replacedId, change }: CurrentVersion) {
  return {
    resourceType: type,
    id,
    meta: { versionId: String(version), lastUpdated },
    text: { status: 'generated', div: `<div>${type} ${id}, version ${version}: é\u{1f600}</div>` },
    ...(type === 'DiagnosticReport' ? { presentedForm: [{ url: `Binary/${id}-${change ?? version}` }] } : {}),
    ...(change === undefined ? {} : { identifier: [{ value: String(change) }] }),
    ...(patientId === undefined ? {} : { subject: { reference: `Patient/${patientId}` } }),
    ...(replacedId === undefined
      ? {}
      : { link: [{ type: 'replaces', other: { reference: `Patient/${replacedId}` } }] }),
  };
}
