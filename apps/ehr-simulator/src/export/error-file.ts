import { z } from 'zod';

/** An issue of an OperationOutcome in an error file. */
export const errorIssueSchema = z.strictObject({
  severity: z.enum(['fatal', 'error', 'warning', 'information']),
  code: z.string(),
  text: z.string().optional(),
});

export type ErrorIssue = z.output<typeof errorIssueSchema>;

interface ErrorFileUrlInput {
  readonly base: string;
  readonly type: string;
  /** An OperationOutcome each. */
  readonly lines: readonly (readonly ErrorIssue[])[];
}

/** The URL holds the whole file, so that nothing about it has to be remembered. */
export function errorFileUrl({ base, type, lines }: ErrorFileUrlInput): string {
  return `${base}/bulkerrors/${Buffer.from(JSON.stringify(lines)).toString('base64url')}/${type}.ndjson`;
}
