import type { ExportError, Retrying } from '@bulkhead/runtime';
import { z } from 'zod';
import { countSchema } from './counts.ts';

/** Something that a reader of a run must not overlook: shown with the run. */
export const warningSchema = z
  .strictObject({ code: z.string(), message: z.string() })
  .meta({ id: 'Warning', description: 'Something that went less than perfectly: docs/errors.md lists the codes.' });

/** See `toEhrText`: for operators only. */
export const ehrTextSchema = z
  .string()
  .exactOptional()
  .meta({ description: 'What the EHR said, on one line of at most 500 characters. Shown to operators only.' });

/** Why something failed for good. */
export const failureSchema = z
  .strictObject({ code: z.string(), message: z.string(), ehrText: ehrTextSchema })
  .meta({ id: 'Failure' }) satisfies z.ZodType<ExportError>;

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

/** Why work does not progress, and when it is tried again. */
export const retryingSchema = z.strictObject({
  state: z.enum(['waiting', 'retrying']).meta({
    description: '`waiting`: the EHR or the request budget asked for the wait, which does not count as an attempt.',
  }),
  code: z.string(),
  message: z.string(),
  ehrText: ehrTextSchema,
  attempts: countSchema.meta({ description: 'Failures or waits in a row since `since`.' }),
  since: z.date(),
  nextAttemptAt: z.date().exactOptional(),
}) satisfies z.ZodType<Retrying>;
