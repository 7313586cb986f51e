import { z } from 'zod';

/** An issue of an OperationOutcome in an error file. */
export const errorIssueSchema = z.strictObject({
  severity: z.enum(['fatal', 'error', 'warning', 'information']),
  code: z.string(),
  text: z.string().optional(),
});

export type ErrorIssue = z.output<typeof errorIssueSchema>;
