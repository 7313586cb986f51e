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
  /** The issues of each OperationOutcome. */
  readonly lines: readonly (readonly ErrorIssue[])[];
}

/** Encodes the whole file in its URL, so that the simulator stores nothing about it. */
export function errorFileUrl({ base, type, lines }: ErrorFileUrlInput): string {
  return `${base}/bulkerrors/${Buffer.from(JSON.stringify(lines)).toString('base64url')}/${type}.ndjson`;
}
