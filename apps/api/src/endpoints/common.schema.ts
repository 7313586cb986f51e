import { z } from 'zod';

export const instant = z.iso.datetime({ offset: true });
export const count = z.int().min(0);
export const withheldCount = count
  .optional()
  .meta({ description: 'Of erased patients whom the connection keeps out: received and not stored. Left out: none.' });

export const warningSchema = z
  .strictObject({ code: z.string(), message: z.string() })
  .meta({ id: 'Warning', description: 'Something that went less than perfectly: docs/errors.md lists the codes.' });

const ehrText = z
  .string()
  .optional()
  .meta({ description: 'What the EHR said, on one line of at most 500 characters. Shown to operators only.' });

/** Why something failed for good. */
export const failureSchema = z.strictObject({ code: z.string(), message: z.string(), ehrText }).meta({ id: 'Failure' });

export const retryingSchema = z
  .strictObject({
    state: z.enum(['waiting', 'retrying']).meta({
      description: '`waiting`: the EHR or the request budget asked for the wait, which does not count as an attempt.',
    }),
    code: z.string(),
    message: z.string(),
    ehrText,
    attempts: count.meta({ description: 'Failures or waits in a row since `since`.' }),
    since: instant,
    nextAttemptAt: instant.optional(),
  })
  .meta({ id: 'Retrying', description: 'Why work does not progress, and when it is tried again.' });

export const errorSchema = z
  .strictObject({
    success: z.literal(false),
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      details: z.unknown().optional(),
    }),
  })
  .meta({ id: 'Error', description: 'The one shape of every error. Codes are stable, messages say what to do.' });

/** The envelope of every answer that succeeds. */
export function success<Data extends z.ZodType>(data: Data) {
  return z.strictObject({ success: z.literal(true), data });
}

/** A page of a list; `next` is the `after` of the page that follows. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ success: z.literal(true), data: z.array(item), next: z.string().optional() });
}
