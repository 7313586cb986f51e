/** A resource's life at the server, in periods from 1: what happens to it in each of them. */
export interface Life {
  readonly type: string;
  readonly id: string;
  /** By period; `none` before its creation and between changes. */
  readonly events: readonly ('none' | 'write' | 'delete')[];
}

/** A version of a resource that is current at the end of a period. */
export interface CurrentVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: string;
  /** The patient whose record it is in; undefined for a patient. */
  readonly patientId: string | undefined;
}

export interface PastDeletion {
  readonly type: string;
  readonly id: string;
  readonly deletedAt: string;
}

/** What was there before the first export is older than any of its waits. */
const firstPeriodMs = 30 * 86_400_000;

/** What the server would serve at the end of a period: the truth that a client is compared with. */
export class World {
  readonly #lives: readonly Life[];
  readonly #now: () => number;
  /** Of the periods so far, from 0: the beginning. */
  readonly #endsMs: number[];

  constructor({ lives, now }: { readonly lives: readonly Life[]; readonly now: () => number }) {
    this.#lives = lives;
    this.#now = now;
    this.#endsMs = [now() - firstPeriodMs];
  }

  /**
   * The end of a period, and the transaction time of an export that is made then: the instant at which it is first asked for.
   * So the server's clock is right, unless a plan says that it is not.
   */
  endOf(period: number): string {
    while (this.#endsMs.length <= period) this.#endsMs.push(Math.max(this.#now(), (this.#endsMs.at(-1) ?? 0) + 2));
    return new Date(this.#endsMs[period] ?? 0).toISOString();
  }

  /** @param options.since only what changed after this instant */
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

  /** Just before its period ends, so that it is after everything that the period before took. */
  #instantIn(period: number): string {
    return new Date(Date.parse(this.endOf(period)) - 1).toISOString();
  }
}

/** The period of the last event up to a period. */
function lastEvent({ events }: Life, period: number): number | undefined {
  const index = events.slice(0, period).findLastIndex((event) => event !== 'none');
  return index < 0 ? undefined : index + 1;
}

export function toResource({ type, id, version, lastUpdated, patientId }: CurrentVersion) {
  return {
    resourceType: type,
    id,
    meta: { versionId: String(version), lastUpdated },
    text: { status: 'generated', div: `<div>${type} ${id}, version ${version}: é\u{1f600}</div>` },
    ...(patientId === undefined ? {} : { subject: { reference: `Patient/${patientId}` } }),
  };
}
