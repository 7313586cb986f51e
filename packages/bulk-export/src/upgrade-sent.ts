import type { Connection as Database } from 'mongoose';
import type { BulkExport } from './bulk-export.record.ts';

type FormerExport = Pick<BulkExport, 'request' | 'statusUrl'> & {
  readonly _id: string;
  readonly droppedParameters: readonly string[];
};

/** Earlier versions stored the names of what was left out of a kick-off, instead of what was sent. */
export async function upgradeSentKickOffs(database: Database): Promise<void> {
  const exports = database.collection<FormerExport>('bulk_exports');
  for await (const { _id, request, statusUrl, droppedParameters } of exports.find({
    droppedParameters: { $exists: true },
  })) {
    const sent = statusUrl === undefined ? {} : { sent: toSent(request, droppedParameters) };
    await exports.updateOne({ _id }, { $set: sent, $unset: { droppedParameters: '' } });
  }
}

function toSent({ resourceTypes, since, typeFilters = [] }: BulkExport['request'], dropped: readonly string[]) {
  const left = (name: string) => !dropped.includes(name);
  const refusedTypes = dropped.flatMap((name) => /^_type=(.+)/.exec(name)?.[1] ?? []);
  return {
    // The method was stored only if the other one was refused.
    ...{ method: left('GET') ? 'GET' : 'POST', isOtherMethodRefused: !left('GET') || !left('POST'), refusedTypes },
    ...(since !== undefined && left('_since') ? { since } : {}),
    types: left('_type') ? resourceTypes.filter((type) => !refusedTypes.includes(type)) : [],
    typeFilters: left('_typeFilter') ? typeFilters : [],
  };
}
