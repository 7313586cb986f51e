import { z } from 'zod';

export { failureSchema, warningSchema } from '@bulkhead/store';

export const instant = z.iso.datetime({ offset: true });
export const count = z.int().min(0);
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
