import type { IncomingMessage } from 'node:http';
import { toEhrText } from '@bulkhead/base';
import { type OutcomeIssue, readOutcomeIssues } from '@bulkhead/fhir';
import { ehrError } from '../errors.ts';
import { decodeBody, limitBody } from './decode-body.ts';

/** The content of an error response. */
export interface ErrorBody {
  /** The issues of an OperationOutcome. */
  readonly issues: readonly OutcomeIssue[];
  /** For operators, see `toEhrText`. */
  readonly ehrText: string | undefined;
}

/** The members of other JSON that describe an error: RFC 6749, section 5.2, athenahealth's /v1, and RFC 9457. */
const textFields = ['error', 'error_description', 'message', 'detailedmessage', 'title', 'detail'] as const;

/** Reads an error body, which can be an OperationOutcome, other JSON, HTML, plain text, or empty. */
export async function readErrorBody(message: IncomingMessage): Promise<ErrorBody> {
  const text = (await readStart(message))?.toString('utf8') ?? '';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { issues: [], ehrText: toEhrText(text) };
  }
  const issues = readOutcomeIssues(value);
  return { issues, ehrText: toEhrText(issues.length > 0 ? issues.map(describeIssue).join('; ') : describeJson(value)) };
}

/** An issue as one phrase with its code and each of its texts. */
export function describeIssue({ severity, code, text, diagnostics }: OutcomeIssue): string {
  const texts = new Set([text, diagnostics].filter((part) => part !== undefined));
  return [`${severity} ${code}`, ...texts].join(': ');
}

function describeJson(value: unknown): string {
  if (typeof value === 'string') return value;
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const texts = textFields.map((name) => fields[name]).filter((field) => typeof field === 'string');
  return texts.length > 0 ? texts.join(': ') : JSON.stringify(value);
}

/** OperationOutcomes in practice have a few kilobytes. The rest of a longer body is not read. */
const maxBytes = 64 * 1024;
/** A longer text that is compressed twice is not worth the time. */
const maxBetweenBytes = 1024 * 1024;
/** The text only explains the error to an operator. */
const maxMs = 30_000;

/** Reads the start of a body that only serves to describe an error. @returns undefined if it cannot be read */
export async function readStart(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    const body = decodeBody(message, { maxBetweenBytes, error: tooLarge, trailing: tooLarge });
    const limited = body && limitBody({ body, received: message, maxBytes: maxBetweenBytes, maxMs, error: tooLarge });
    for await (const chunk of limited ?? []) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes >= maxBytes) break;
    }
  } catch {
    // The start of a body that breaks off is still useful.
  }
  message.destroy();
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).subarray(0, maxBytes);
}

/** Ends the reading. What was read before is used. */
function tooLarge() {
  return ehrError('answer-too-large');
}
