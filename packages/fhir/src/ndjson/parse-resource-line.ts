import { isUtf8 } from 'node:buffer';
import { maxLineValues } from '../json/json-value-counter.ts';
import {
  JsonTooDeepError,
  JsonTooLargeError,
  maxExactNumbersOfLine,
  parseFhirJsonInSteps,
} from '../json/parse-json.ts';
import { runSteps, type Steps } from '../json/steps.ts';
import { anyResourceType, isResourceId, isResourceType, type Resource } from '../resources/resource.ts';
import type { NdjsonLine } from './line-splitter.ts';
import { mayBeUnstorable, unstorableReason } from './unstorable.ts';

const lineRejectionReasons = [
  'line-too-long',
  'invalid-utf8',
  'invalid-json',
  'too-deep',
  'too-many-values',
  'nul-in-key',
  'reserved-key',
  'lone-surrogate',
  'not-an-object',
  'no-resource-type',
  'wrong-resource-type',
  'no-id',
] as const;
export type LineRejectionReason = (typeof lineRejectionReasons)[number];

/** https://www.mongodb.com/docs/manual/reference/limits/: "no more than 100 levels of nesting". */
const maxDepth = 100;
const lineLimits = { maxDepth, maxValues: maxLineValues, maxExactNumbers: maxExactNumbersOfLine };

type Rejected = { readonly kind: 'rejected'; readonly reason: LineRejectionReason };

/** The content of one line: any JSON value. */
export type JsonLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'value'; readonly value: unknown; readonly json: Buffer; readonly hasExactNumbers: boolean }
  | Rejected;

export type ParsedLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'resource'; readonly resource: Resource; readonly json: Buffer; readonly hasExactNumbers: boolean }
  | Rejected;

/**
 * Parses one line. A byte order mark, CRLF, blank lines, surrounding white space and raw control characters inside strings (as in
 * athenahealth's narratives) are tolerated. JSON that MongoDB cannot store unchanged is rejected.
 */
export function parseJsonLine(line: NdjsonLine): JsonLine {
  return runSteps(parseJsonLineInSteps(line));
}

export function* parseJsonLineInSteps(line: NdjsonLine): Steps<JsonLine> {
  if (line.isTooLong) return rejected('line-too-long');
  const json = line.line === 1 ? withoutByteOrderMark(line.bytes) : line.bytes;
  if (isBlank(json)) return { kind: 'blank' };
  if (!isUtf8(json)) return rejected('invalid-utf8');
  try {
    const parsed = yield* parseFhirJsonInSteps(json, lineLimits);
    yield;
    const reason = mayBeUnstorable(json) ? unstorableReason(parsed.value) : undefined;
    return reason === undefined ? { kind: 'value', json, ...parsed } : rejected(reason);
  } catch (error) {
    if (error instanceof JsonTooDeepError) return rejected('too-deep');
    return rejected(error instanceof JsonTooLargeError ? 'too-many-values' : 'invalid-json');
  }
}

/**
 * Parses one line as a resource, or says why it is not one.
 * @param expectedType the type in the manifest. `Resource` accepts every type of R4, and undefined accepts any text.
 */
export function parseResourceLine(line: NdjsonLine, expectedType?: string): ParsedLine {
  const parsed = parseJsonLine(line);
  return parsed.kind === 'value' ? toResource(parsed, expectedType) : parsed;
}

/** The second half of `parseResourceLine`, for a line that is parsed already. */
export function toResource(line: Extract<JsonLine, { kind: 'value' }>, expectedType?: string): ParsedLine {
  const { value, json, hasExactNumbers } = line;
  const reason = rejectionOf(value, expectedType);
  return reason === undefined
    ? { kind: 'resource', resource: value as Resource, json, hasExactNumbers }
    : rejected(reason);
}

function rejectionOf(value: unknown, expectedType: string | undefined): LineRejectionReason | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not-an-object';
  const { resourceType, id } = value as Partial<Resource>;
  if (typeof resourceType !== 'string') return 'no-resource-type';
  if (expectedType !== undefined && !isOfType(resourceType, expectedType)) return 'wrong-resource-type';
  return isResourceId(id) ? undefined : 'no-id';
}

/** Whether a type is the expected one. `Resource` means every type of R4. */
export function isOfType(resourceType: string, expectedType: string): boolean {
  // MongoDB collections are named after types, so text that is not a type must never reach a collection name.
  return expectedType === anyResourceType ? isResourceType(resourceType) : resourceType === expectedType;
}

function rejected(reason: LineRejectionReason): Rejected {
  return { kind: 'rejected', reason };
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
