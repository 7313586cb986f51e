import { isUtf8 } from 'node:buffer';
import type { NdjsonLine } from './line-splitter.ts';
import { parseFhirJson } from './parse-json.ts';
import type { Resource } from './resource.ts';

const lineRejectionReasons = [
  'line-too-long',
  'invalid-utf8',
  'invalid-json',
  'not-an-object',
  'no-resource-type',
  'wrong-resource-type',
  'no-id',
] as const;
export type LineRejectionReason = (typeof lineRejectionReasons)[number];

export type ParsedLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'resource'; readonly resource: Resource; readonly json: Buffer; readonly hasExactNumbers: boolean }
  | { readonly kind: 'rejected'; readonly reason: LineRejectionReason };

/** FHIR ids: https://hl7.org/fhir/R4/datatypes.html#id. Servers in the field exceed 64 characters, so 128 are taken. */
const idPattern = /^[A-Za-z0-9\-._]{1,128}$/;

/**
 * Turns one line into a resource, or says why it is none. Tolerated: a byte order mark, CRLF, blank lines, surrounding
 * white space, raw control characters inside strings (athenahealth's narratives have them).
 * @param expectedType the type that the manifest's entry promised; undefined takes any.
 */
export function parseResourceLine(line: NdjsonLine, expectedType?: string): ParsedLine {
  if (line.isTooLong) return rejected('line-too-long');
  const json = line.line === 1 ? withoutByteOrderMark(line.bytes) : line.bytes;
  if (isBlank(json)) return { kind: 'blank' };
  if (!isUtf8(json)) return rejected('invalid-utf8');
  let parsed: ReturnType<typeof parseFhirJson>;
  try {
    parsed = parseFhirJson(json);
  } catch {
    return rejected('invalid-json');
  }
  const { value, hasExactNumbers } = parsed;
  const reason = rejectionOf(value, expectedType);
  return reason === undefined
    ? { kind: 'resource', resource: value as Resource, json, hasExactNumbers }
    : rejected(reason);
}

function rejectionOf(value: unknown, expectedType: string | undefined): LineRejectionReason | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not-an-object';
  const { resourceType, id } = value as Partial<Resource>;
  if (typeof resourceType !== 'string') return 'no-resource-type';
  if (expectedType !== undefined && resourceType !== expectedType) return 'wrong-resource-type';
  // A Bundle of deletions and an OperationOutcome need no id of their own.
  const needsId = resourceType !== 'Bundle' && resourceType !== 'OperationOutcome';
  return needsId && !(typeof id === 'string' && idPattern.test(id)) ? 'no-id' : undefined;
}

function rejected(reason: LineRejectionReason): ParsedLine {
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
