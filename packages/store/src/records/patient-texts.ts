/*
 * Says in the schema of a record which texts can be about a patient. An erasure finds them through the schema, and a test fills all of them, so
 * a new field is covered as soon as it is marked.
 */
import { z } from 'zod';

const markedSchemas = z.registry<{ readonly text: 'quotes' | 'names' }>();

/** Marks a text that an EHR sent. It can quote a patient's name or a part of a resource, so an erasure removes it. */
export function quotesEhr<Schema extends z.ZodType>(schema: Schema): Schema {
  (schema as z.ZodType).register(markedSchemas, { text: 'quotes' });
  return schema;
}

/** Marks a text that can contain the id of a patient, such as a URL, a search or a message. An erasure replaces one that does. */
export function mayNamePatient<Schema extends z.ZodType>(schema: Schema): Schema {
  (schema as z.ZodType).register(markedSchemas, { text: 'names' });
  return schema;
}

/** @returns undefined for a text without a mark, and for all other values */
export function patientMarkOf(schema: z.ZodType): 'quotes' | 'names' | undefined {
  return markedSchemas.get(schema)?.text;
}
