import { z } from 'zod';
import { OutcomeError } from '../http/outcome.ts';

/** An issue of an OperationOutcome in an error file. */
export const errorIssueSchema = z.strictObject({
  severity: z.enum(['fatal', 'error', 'warning', 'information']),
  code: z.string(),
  text: z.string().optional(),
});

type ErrorIssue = z.output<typeof errorIssueSchema>;

/**
 * Encodes the whole file in its path below the FHIR base, so that the simulator stores nothing about it. Each line has
 * the issues of one OperationOutcome.
 */
export function errorFilePath(type: string, lines: readonly (readonly ErrorIssue[])[]): string {
  return `/bulkerrors/${Buffer.from(JSON.stringify(lines)).toString('base64url')}/${type}.ndjson`;
}

/**
 * Decodes the file from its URL: OperationOutcomes, one per line.
 * @throws OutcomeError 404 if the text is not an encoded file.
 */
export function errorFileBytes(encoded: string): Buffer {
  return Buffer.from(
    linesOf(encoded)
      .map((issues) => `${outcome(issues)}\n`)
      .join(''),
  );
}

const linesSchema = z.array(z.array(errorIssueSchema));

function linesOf(encoded: string): ErrorIssue[][] {
  try {
    return linesSchema.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString()));
  } catch {
    throw new OutcomeError({ status: 404, code: 'not-found', text: 'The file does not exist.' });
  }
}

function outcome(issues: readonly ErrorIssue[]): string {
  const issue = issues.map(({ severity, code, text }) => {
    return { severity, code, ...(text === undefined ? {} : { details: { text }, diagnostics: text }) };
  });
  return JSON.stringify({ resourceType: 'OperationOutcome', issue });
}
