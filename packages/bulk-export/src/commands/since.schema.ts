import { z } from 'zod';

/** Server clocks and ours differ; an instant further ahead than this is a mistake. */
const clockToleranceMs = 60_000;

/** A FHIR instant that is not to come. */
export const sinceInstantSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant with a time zone, such as 2024-01-01T00:00:00Z' })
  .refine((since) => !isAhead(since), 'lies in the future');

export function isAhead(since: string): boolean {
  return Date.parse(since) > Date.now() + clockToleranceMs;
}
