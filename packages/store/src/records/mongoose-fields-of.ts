import type { Immutable } from '@bulkhead/base';
import { Schema, type SchemaDefinition, type SchemaDefinitionProperty, type SchemaOptions } from 'mongoose';
import type { z } from 'zod';

/** A record as it is stored: its `id` is the `_id` of the document. */
export type Stored<RecordSchema extends z.ZodObject> = Omit<Immutable<z.output<RecordSchema>>, 'id'> & {
  readonly _id: string;
};

const mongooseTypes: Readonly<Record<string, SchemaDefinitionProperty>> = {
  string: String,
  enum: String,
  number: Number,
  boolean: Boolean,
  date: Date,
};

/** The schemas of all collections of records. A test fills every text of theirs that can be about a patient. */
export const recordSchemas = new Map<string, z.ZodObject>();

/** The Mongoose schema of a collection of records. A write of a field that the record does not have throws. */
export function mongooseSchemaOf<RecordSchema extends z.ZodObject>(
  record: RecordSchema,
  options: Pick<SchemaOptions, 'minimize' | 'suppressReservedKeysWarning'> & { readonly collection: string },
): Schema<Stored<RecordSchema>> {
  recordSchemas.set(options.collection, record);
  return new Schema(mongooseFieldsOf(record), { versionKey: false, strict: 'throw', ...options });
}

/**
 * The fields of the Mongoose schema that stores a record. Mongoose casts and requires the fields of the record. It stores objects and arrays
 * as they are, because the code that writes them is typed.
 */
export function mongooseFieldsOf(record: z.ZodObject): SchemaDefinition {
  const { id, ...shape } = record.shape;
  const fields = Object.entries(shape).map(([name, field]) => [name, mongooseFieldOf(field as z.ZodType)]);
  return { ...(id === undefined ? {} : { _id: String }), ...Object.fromEntries(fields) };
}

function mongooseFieldOf(field: z.ZodType) {
  const isOptional = field.def.type === 'optional';
  const { type } = isOptional ? (field as z.ZodExactOptional<z.ZodType>).unwrap().def : field.def;
  return { type: mongooseTypes[type] ?? Schema.Types.Mixed, required: !isOptional };
}
