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

/** Longer than the overlap by which a sync asks again for what it has already. */
const periodMs = 30 * 86_400_000;

/** What the server would serve at the end of a period: the truth that a client is compared with. */
export class World {
  readonly #lives: readonly Life[];
  readonly #periods: number;
  readonly #now: () => number;
  readonly #firstDayMs: number;
  #lastEndMs: number | undefined;

  constructor({
    lives,
    periods,
    now,
  }: { readonly lives: readonly Life[]; readonly periods: number; readonly now: () => number }) {
    this.#lives = lives;
    this.#periods = periods;
    this.#now = now;
    this.#firstDayMs = now() - periods * periodMs;
  }

  /** The end of a period: the transaction time of an export that is made then. The last period ends when it is first asked for. */
  endOf(period: number): string {
    if (period < this.#periods) return new Date(this.#firstDayMs + period * periodMs).toISOString();
    this.#lastEndMs ??= this.#now();
    return new Date(this.#lastEndMs).toISOString();
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

  /** Events are in the middle of their period, so that no instant is the end of one. */
  #instantIn(period: number): string {
    return new Date(Date.parse(this.endOf(period)) - periodMs / 2).toISOString();
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
