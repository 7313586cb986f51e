import { AppError } from '@bulkhead/base';
import { containsId, possibleIds } from '@bulkhead/fhir';
import type { z } from 'zod';
import type { Database, Named } from '../connection/database.ts';
import type { WriteGate } from '../connection/write-gate.ts';
import { patientMarkOf } from '../records/patient-texts.ts';

/** Replaces a text that names the patient, or that a record cannot be without. */
export const erasedText = 'erased';

/** Records of a collection. */
interface Records {
  readonly database: Database;
  readonly collection: string;
  readonly schema: z.ZodObject;
  /** Those whose work has ended. */
  readonly filter: object;
}

/** Whether a marked text has to go. */
type IsErased = (text: string, mark: 'quotes' | 'names') => boolean;

/**
 * Removes the texts of an EHR from records that are kept, and the patient from their other texts: those that the schema of the record marks
 * (`quotesEhr`, `mayNamePatient`). Records of work that is under way are left alone, because it started after the erasure.
 * @returns how many records changed
 */
export function forgetTexts({
  patientId,
  ...records
}: Records & {
  readonly patientId: string;
}): Promise<number> {
  return removeTexts(records, (text, mark) => mark === 'quotes' || containsId(text, patientId));
}

/**
 * Removes marked texts that name a patient whom their connection keeps out, from records of work that has just ended: an EHR can name the patient
 * again.
 */
export function createKeptOutTexts({
  gate,
  encrypted = [],
  ...records
}: Omit<Records, 'filter'> & {
  readonly gate: WriteGate;
  /** Fields that cannot be searched, and that nothing needs after the work. */
  readonly encrypted?: readonly string[];
}) {
  return {
    /** Does nothing for an erased connection. */
    async forget(connectionId: string, filter: object): Promise<void> {
      try {
        await gate.admit(connectionId, async (keptOut) => {
          if (!keptOut) return;
          await removeTexts({ ...records, filter }, (text) => possibleIds(text).some((id) => keptOut.hasPatient(id)));
          if (encrypted.length === 0) return;
          const $unset = Object.fromEntries(encrypted.map((name) => [name, 1 as const]));
          await records.database.collection(records.collection).updateMany(filter, { $unset });
        });
      } catch (error) {
        if (!(error instanceof AppError && (error.code as string) === 'connection-erased')) throw error;
      }
    },
  };
}

async function removeTexts({ database, collection, schema, filter }: Records, isErased: IsErased): Promise<number> {
  const fields = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).filter(([, field]) =>
    hasMark(field),
  );
  const records = database.collection<Named>(collection);
  const projection = Object.fromEntries(fields.map(([name]) => [name, 1]));
  let changed = 0;
  for await (const record of records.find(filter, { projection })) {
    const values = record as unknown as Readonly<Record<string, unknown>>;
    const pairs = fields.flatMap(([name, field]) => {
      const after = withoutErased(field, values[name], isErased);
      return after === values[name] ? [] : [{ name, before: values[name], after }];
    });
    if (pairs.length === 0) continue;
    // A record that has changed since is read again by the next pass.
    const unchanged = Object.fromEntries(pairs.map(({ name, before }) => [name, before]));
    const set = pairs.flatMap(({ name, after }) => (after === undefined ? [] : [[name, after]]));
    const unset = pairs.flatMap(({ name, after }) => (after === undefined ? [[name, 1]] : []));
    await records.updateOne(
      { _id: record._id, ...unchanged },
      {
        ...(set.length > 0 ? { $set: Object.fromEntries(set) } : {}),
        ...(unset.length > 0 ? { $unset: Object.fromEntries(unset) } : {}),
      },
    );
    changed += 1;
  }
  return changed;
}

/** Whether a schema, or a part of it, is marked. */
function hasMark(schema: z.ZodType): boolean {
  return patientMarkOf(schema) !== undefined || partsOf(schema).some(hasMark);
}

/** The schemas that a schema consists of. */
function partsOf(schema: z.ZodType): readonly z.ZodType[] {
  const { shape, element, innerType, valueType, options } = schema.def as Parts;
  return [...Object.values(shape ?? {}), ...[element, innerType, valueType].filter(isSchema), ...(options ?? [])];
}

interface Parts {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

function isSchema(schema: z.ZodType | undefined): schema is z.ZodType {
  return schema !== undefined;
}

/** @returns the value itself if nothing has to be removed, and undefined if it has to go */
function withoutErased(schema: z.ZodType, value: unknown, isErased: IsErased): unknown {
  if (value === undefined || value === null) return value;
  const mark = patientMarkOf(schema);
  if (mark) {
    if (typeof value !== 'string' || !isErased(value, mark)) return value;
    return mark === 'quotes' ? undefined : erasedText;
  }
  const { shape, element, innerType, valueType } = schema.def as Parts;
  if (innerType) return withoutErased(innerType, value, isErased);
  if (element && Array.isArray(value)) {
    const items = value.map((item) => withoutErased(element, item, isErased) ?? erasedText);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const part = shape?.[name] ?? valueType;
    const after = part ? withoutErased(part, member, isErased) : member;
    const isMissing = after === undefined && member !== undefined;
    const isNeeded = isMissing && part?.def.type !== 'optional';
    return { name, member, after: isNeeded ? erasedText : after };
  });
  if (members.every(({ member, after }) => member === after)) return value;
  return Object.fromEntries(members.flatMap(({ name, after }) => (after === undefined ? [] : [[name, after]])));
}
