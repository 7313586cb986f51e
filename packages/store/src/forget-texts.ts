import { containsId } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';
import type { Named } from './named.ts';

/** Replaces a text that names the patient. */
const erasedText = 'erased';

/**
 * Removes the texts of an EHR (`ehrText`), which can quote a patient's name or a part of a resource, from records that are kept, and the
 * patient from their requests. Records of work that is under way are left alone, because it started after the erasure.
 * @param options.filter the records of the connection whose work has ended
 * @param options.fields those that can have such texts
 * @returns how many records changed
 */
export async function forgetTexts(options: {
  readonly database: Database;
  readonly collection: string;
  readonly filter: object;
  readonly fields: readonly string[];
  readonly patientId: string;
}): Promise<number> {
  const { database, filter, fields, patientId } = options;
  const records = database.collection<Named>(options.collection);
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  let changed = 0;
  for await (const record of records.find(filter, { projection })) {
    const values = record as unknown as Readonly<Record<string, unknown>>;
    const pairs = fields.flatMap((field) => {
      const after = withoutTexts(values[field], patientId);
      return after === values[field] ? [] : [[field, values[field], after] as const];
    });
    if (pairs.length === 0) continue;
    // A record that has changed since is read again by the next pass.
    const unchanged = Object.fromEntries(pairs.map(([field, before]) => [field, before]));
    const change = Object.fromEntries(pairs.map(([field, , after]) => [field, after]));
    await records.updateOne({ _id: record._id, ...unchanged }, { $set: change });
    changed += 1;
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
