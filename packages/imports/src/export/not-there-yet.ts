import type { AppError } from '@bulkhead/base';
import { exportError } from './errors.ts';

/** Servers that answer from several processes, and object stores, know what is new everywhere after some seconds. */
const notThereMs = { 'export-not-there-yet': 10 * 60_000, 'file-not-there-yet': 5 * 60_000 } as const;

/**
 * The error that asks again for what the EHR has named shortly before and now answers with 404.
 * @param options.since when it was named. Undefined if it was seen since
 * @returns undefined if it must be there by now, or the answer was another one
 */
export function notThereYet(
  { status, context, ehrText }: Pick<AppError, 'context' | 'ehrText'> & { readonly status: number },
  options: { readonly code: keyof typeof notThereMs; readonly since: Date | undefined; readonly now: Date },
): AppError | undefined {
  const { code, since, now } = options;
  const isNew = since !== undefined && now.getTime() - since.getTime() < notThereMs[code];
  return isNew && status === 404 ? exportError(code, { context, ehrText }) : undefined;
}
