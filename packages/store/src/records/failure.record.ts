import { type ExportError, errorCodeSchema, type Immutable, warningCodeSchema } from '@bulkhead/base';
import { z } from 'zod';
import { mayNamePatient, quotesEhr } from './patient-texts.ts';

/** See `toEhrText`: for operators only. */
export const ehrTextSchema = quotesEhr(z.string()).exactOptional().meta({
  description: 'The text that the EHR returned, on one line of at most 500 characters. Shown to operators only.',
});

/** Something that a reader of a run must not overlook: shown with the run. */
export const warningSchema = z
  .strictObject({
    code: warningCodeSchema.describe('Stable, so that a program can compare it. docs/errors.md lists the codes.'),
    message: mayNamePatient(z.string()).describe('What happened, what it means for the data, and what to do.'),
    ehrText: ehrTextSchema,
  })
  .meta({ id: 'Warning', description: 'Something that went less than perfectly: docs/errors.md lists the codes.' });

export type Warning = Immutable<z.output<typeof warningSchema>>;

/** Why something failed for good. */
export const failureSchema = z
  .strictObject({
    code: errorCodeSchema.describe('Stable, so that a program can compare it. docs/errors.md lists the codes.'),
    message: mayNamePatient(z.string()).describe('What happened, and what to do.'),
    ehrText: ehrTextSchema,
  })
  .meta({ id: 'Failure', description: 'Why something failed for good.' }) satisfies z.ZodType<ExportError>;

/** Who reads a record. */
export interface Reader {
  readonly isOperator: boolean;
}

/** Leaves out what the EHR said, unless the reader is an operator, because it can contain data of other patients. */
export function forReader<Said extends { readonly ehrText?: string }>(
  { ehrText, ...fields }: Said,
  { isOperator }: Reader,
): Omit<Said, 'ehrText'> & { readonly ehrText?: string } {
  return { ...fields, ...(isOperator && ehrText !== undefined ? { ehrText } : {}) };
}
