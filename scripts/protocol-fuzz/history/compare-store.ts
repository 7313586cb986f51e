import { isDeepStrictEqual } from 'node:util';
import type { Db } from 'mongodb';
import { types } from '../server/search-plan.ts';
import { type CurrentVersion, toResource } from '../server/world.ts';
import { keyOf } from './live-ehr.ts';

interface Stored {
  readonly deleted: boolean;
  readonly resource?: {
    readonly identifier?: readonly { readonly value: string }[];
    readonly presentedForm?: readonly { readonly url: string }[];
  };
}

/** Reads what is stored of a connection, by reference. */
export async function readStored(database: Db, connectionId: string): Promise<ReadonlyMap<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (const type of types) {
    const projection = { resourceId: 1, deleted: 1, resource: 1 };
    for await (const { resourceId, deleted, resource } of database
      .collection(type)
      .find({ connectionId }, { projection }))
      stored.set(`${type}/${resourceId}`, { deleted, resource });
  }
  return stored;
}

/** @returns the differences between what is stored and what should be, both in content and in what exists */
export function compareStored(options: {
  readonly stored: ReadonlyMap<string, Stored>;
  readonly expected: readonly CurrentVersion[];
  /** Resources that may be stored or not. */
  readonly unknown: ReadonlySet<string>;
}): string[] {
  const { stored, expected, unknown } = options;
  const wrong = expected.flatMap((version) => {
    const key = keyOf(version);
    const found = stored.get(key);
    if (!found || found.deleted) return [`${key}: change ${version.change} is ${found ? 'deleted' : 'missing'}`];
    if (isDeepStrictEqual(found.resource, toResource(version))) return [];
    return [`${key}: change ${changeOf(found)} is stored instead of ${version.change}`];
  });
  const alive = new Set(expected.map(keyOf));
  const extra = [...stored].flatMap(([key, { deleted }]) =>
    deleted || alive.has(key) || unknown.has(key) ? [] : [`${key} is stored and no longer exists`],
  );
  return [...wrong, ...extra];
}

/** @returns the resources whose document is not that of their stored version. Documents have records although the workers fetch none */
export async function compareDocuments(options: {
  readonly database: Db;
  readonly connectionId: string;
  readonly stored: ReadonlyMap<string, Stored>;
}): Promise<string[]> {
  const { database, connectionId, stored } = options;
  const urls = new Map<string, unknown>();
  for await (const { resource, url } of database.collection('documents').find({ connectionId }))
    urls.set(`${resource.type}/${resource.id}`, url);
  return [...stored].flatMap(([key, { deleted, resource }]) => {
    const [attachment] = resource?.presentedForm ?? [];
    if (deleted || !attachment || urls.get(key) === attachment.url) return [];
    return [`${key} has ${attachment.url}, and its document is ${urls.get(key)}`];
  });
}

/** @returns the differences between a copy, JSON by reference, and what is stored */
export function compareCopy(copy: ReadonlyMap<string, string>, stored: ReadonlyMap<string, Stored>): string[] {
  const current = [...stored].filter(([, { deleted }]) => !deleted);
  const wrong = current.flatMap(([key, { resource }]) => {
    const copied = copy.get(key);
    if (copied === undefined) return [`${key} is stored and not in the copy`];
    return isDeepStrictEqual(JSON.parse(copied), resource) ? [] : [`${key} has another content in the copy`];
  });
  const keys = new Set(current.map(([key]) => key));
  const extra = [...copy.keys()].filter((key) => !keys.has(key)).map((key) => `${key} is in the copy and not stored`);
  return [...wrong, ...extra];
}

/** @returns the resources of which an earlier change than this one is stored, or nothing */
export function findOlder(stored: ReadonlyMap<string, Stored>, versions: readonly CurrentVersion[]): string[] {
  return versions.flatMap((version) => {
    const found = stored.get(keyOf(version));
    const change = found && !found.deleted ? changeOf(found) : 0;
    return change >= (version.change ?? 0) ? [] : [`${keyOf(version)} change ${version.change} (stored: ${change})`];
  });
}

function changeOf({ resource }: Stored): number {
  return Number(resource?.identifier?.[0]?.value ?? 0);
}
