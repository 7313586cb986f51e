import type { Immutable } from '@bulkhead/base';
import { mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

/**
 * An export that a client reads from here. Nothing is written for it but this record: a file is the stored resources of a type that were
 * changed in the window, and they are read when the file is.
 */
export const servedExportSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  /** The API key or the backend client that can see the export. */
  clientId: z.string(),
  /** The URL of the kick-off, which the manifest repeats. */
  request: mayNamePatient(z.string()),
  /** Empty: every type that is stored. */
  types: z.array(z.string()),
  /** `_typeFilter`: searches with their types. */
  typeFilters: z.array(z.strictObject({ type: z.string(), query: mayNamePatient(z.string()) })),
  /** Ids. Empty: every patient, and resources that belong to none. */
  patients: z.array(mayNamePatient(z.string())),
  /** Empty: whole resources. */
  elements: z.array(mayNamePatient(z.string())),
  /** Types with several files: the ids at which the second and each later file begins. */
  parts: z.array(z.strictObject({ type: z.string(), starts: z.array(mayNamePatient(z.string())) })),
  /** Parameters that were ignored. */
  ignored: z.array(mayNamePatient(z.string())),
  /** Changes from here on. Absent: from the beginning. */
  since: z.date().exactOptional(),
  /** Changes before this time, which is the `transactionTime`. */
  until: z.date(),
  /** The end of the second of the kick-off. What is deleted later is in the next window, because the files of this one can have it. */
  deletedBefore: z.date(),
  expiresAt: z.date(),
});
export type ServedExport = Immutable<z.output<typeof servedExportSchema>>;
