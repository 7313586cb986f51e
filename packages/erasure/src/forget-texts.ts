import { containsId } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';
import type { Named } from './batches.ts';

/**
 * Where records keep texts of an EHR (`ehrText`), which can quote a patient's name or a part of a resource, and requests, which can name a
 * patient. The records themselves are kept. Those of work that is under way are left alone, because it started after the erasure.
 */
const textsOfRecords: readonly {
  readonly collection: string;
  /** Default: the records with the id of the connection. */
  readonly ofConnection?: (connectionId: string) => object;
  readonly ended: object;
  readonly fields: readonly string[];
}[] = [
  {
    collection: 'bulk_exports',
    ended: { active: false },
    fields: ['request', 'error', 'retrying', 'events', 'fileEvents', 'progress', 'callbackUrl'],
  },
  {
    collection: 'output_files',
    ended: { state: { $nin: ['pending', 'downloading'] } },
    fields: ['url', 'error', 'retrying', 'checkpoint'],
  },
  { collection: 'sync_runs', ended: { active: false }, fields: ['error', 'retrying', 'events', 'searchEvents'] },
  {
    collection: 'sync_steps',
    ended: { state: { $nin: ['pending', 'running'] } },
    fields: ['retrying', 'searches'],
  },
  {
    collection: 'connections',
    ofConnection: (_id) => ({ _id }),
    ended: {},
    fields: ['lastTest'],
  },
  { collection: 'documents', ended: { state: { $nin: ['pending', 'downloading'] } }, fields: ['error'] },
];

/** Replaces a text that names the patient. */
const erasedText = 'erased';

/** Removes the texts of the EHR from the records of a connection, and the patient from their requests. @returns how many records changed */
export async function forgetTexts(
  database: Database,
  { connectionId, patientId }: { readonly connectionId: string; readonly patientId: string },
): Promise<number> {
  let changed = 0;
  for (const { collection, ofConnection = (id: string) => ({ connectionId: id }), ended, fields } of textsOfRecords) {
    const records = database.collection<Named>(collection);
    const projection = Object.fromEntries(fields.map((field) => [field, 1]));
    for await (const record of records.find({ ...ofConnection(connectionId), ...ended } as never, { projection })) {
      const values = record as unknown as Readonly<Record<string, unknown>>;
      const pairs = fields.flatMap((field) => {
        const after = withoutTexts(values[field], patientId);
        return after === values[field] ? [] : [[field, values[field], after] as const];
      });
      if (pairs.length === 0) continue;
      // A record that has changed since is read again by the next pass.
      const unchanged = Object.fromEntries(pairs.map(([field, before]) => [field, before]));
      const change = Object.fromEntries(pairs.map(([field, , after]) => [field, after]));
      await records.updateOne({ _id: record._id, ...unchanged } as never, { $set: change } as never);
      changed += 1;
    }
  }
  return changed;
}

/** @returns the value itself if nothing has to be removed */
function withoutTexts(value: unknown, patientId: string): unknown {
  if (typeof value === 'string') return containsId(value, patientId) ? erasedText : value;
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutTexts(item, patientId));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const kept = Object.entries(value).filter(
    ([name]) => name !== 'ehrText' && name !== 'nextUrl' && name !== 'loopMark',
  );
  const entries = kept.map(([name, member]) => [name, withoutTexts(member, patientId)] as const);
  const isChanged =
    entries.length !== Object.keys(value).length ||
    entries.some(([name, member]) => member !== (value as Record<string, unknown>)[name]);
  return isChanged ? Object.fromEntries(entries) : value;
}
