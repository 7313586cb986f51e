import { invalidRequest } from '@bulkhead/service';
import type { z } from 'zod';

/** @throws AppError `invalid-request` with every fault by path. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}
