import { type Fault, invalidRequest } from '@bulkhead/runtime';
import type { z } from 'zod';

/** @throws AppError `invalid-request` with every fault by path. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.flatMap(toFaults));
}

/** One fault a field: Zod reports all unknown fields of an object as one issue of the object. */
function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message }];
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a field of this request' }));
}
