import { isResourceId } from '@bulkhead/fhir';
import { z } from 'zod';

/** A request has at most 100 kB, and the run is stored with its patients and shown with them. */
const maxListedPatients = 1000;

/** A list of patients, each once. @param options.onEmpty,options.onTooMany what to do, after a list was refused */
export function patientIdsSchema(options: {
  readonly onEmpty: string;
  readonly onTooMany: string;
  readonly most?: number;
}) {
  const { most = maxListedPatients } = options;
  return z
    .array(z.string().refine(isResourceId, { error: ({ input }) => patientFault(String(input)) }))
    .min(1, `is an empty list. ${options.onEmpty}`)
    .max(most, `names more than ${most} patients. ${options.onTooMany}`)
    .transform((ids) => [...new Set(ids)]);
}

/** An address is refused whole, because its server may be another one than the EHR of the connection. */
function patientFault(text: string): string {
  return /^[a-z]+:/i.test(text)
    ? 'is an address. Give the id of a patient at the EHR of the connection, without the server and `Patient/`'
    : 'must be the id of a patient, without `Patient/`';
}
