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
}

export interface PastDeletion {
  readonly type: string;
  readonly id: string;
  readonly deletedAt: string;
}

const firstDay = Date.UTC(2024, 0, 1);
/** Longer than an export may take, retries and waits included. */
const periodMs = 30 * 86_400_000;

/** The end of a period: the transaction time of an export that is made then. */
export function endOf(period: number): string {
  return new Date(firstDay + period * periodMs).toISOString();
}

/** Events are in the middle of their period, so that no instant is the end of one. */
function instantIn(period: number): string {
  return new Date(firstDay + period * periodMs - periodMs / 2).toISOString();
}

/** What the server would serve at the end of a period: the truth that a client is compared with. */
export class World {
  readonly #lives: readonly Life[];

  constructor(lives: readonly Life[]) {
    this.#lives = lives;
  }

  /** @param options.since only what changed after this instant */
  current({ period, since }: { readonly period: number; readonly since?: string | undefined }): CurrentVersion[] {
    return this.#lives.flatMap((life) => {
      const last = lastEvent(life, period);
      if (last === undefined || life.events[last - 1] !== 'write') return [];
      const lastUpdated = instantIn(last);
      if (since !== undefined && lastUpdated <= since) return [];
      const version = life.events.slice(0, last).filter((event) => event === 'write').length;
      return [{ type: life.type, id: life.id, version, lastUpdated }];
    });
  }

  deletions({ period, since }: { readonly period: number; readonly since: string | undefined }): PastDeletion[] {
    // A full export lists no deletions (FHIR Bulk Data, "Response - Complete Status").
    if (since === undefined) return [];
    return this.#lives.flatMap((life) => {
      const last = lastEvent(life, period);
      if (last === undefined || life.events[last - 1] !== 'delete') return [];
      const deletedAt = instantIn(last);
      const existed = life.events.slice(0, last).includes('write');
      return existed && deletedAt > since ? [{ type: life.type, id: life.id, deletedAt }] : [];
    });
  }
}

/** The period of the last event up to a period. */
function lastEvent({ events }: Life, period: number): number | undefined {
  const index = events.slice(0, period).findLastIndex((event) => event !== 'none');
  return index < 0 ? undefined : index + 1;
}

export function toResource({ type, id, version, lastUpdated }: CurrentVersion) {
  return {
    resourceType: type,
    id,
    meta: { versionId: String(version), lastUpdated },
    text: { status: 'generated', div: `<div>${type} ${id}, version ${version}: é\u{1f600}</div>` },
  };
}
