import { maxJsonValues } from '@bulkhead/fhir';
import type { AxiosResponse } from 'axios';

/**
 * What an answer has to be, for each kind of request. Every answer of an EHR passes `acceptAnswer` under one of these rules
 * before anything reads it. A status below 400 that is neither usable nor a request to wait fails: "not an error" does not
 * mean "what was asked for" (an empty 204 is not an empty file). Statuses from 400 on become an `EhrHttpError`.
 */
export interface AnswerRules {
  /** What was asked for, for messages. */
  readonly name:
    | 'file'
    | 'document'
    | 'search page'
    | 'export status'
    | 'kick-off'
    | 'deletion'
    | 'resource'
    | 'configuration';
  /** Statuses whose body is what was asked for. */
  readonly usable: readonly number[];
  /** Statuses below 400 that mean: not ready yet, ask again later. */
  readonly later: readonly number[];
  /** Media types that the body may have; an answer without a content type passes. Left out: any, since its reader decides. */
  readonly mediaTypes?: ReadonlySet<string>;
  /** How the body is handed over: parsed, decoded but unread, or not at all. */
  readonly body: 'json' | 'stream' | 'ignored';
  /** The largest body after decompression. */
  readonly maxBytes: number;
  /** Of a JSON body: see `maxJsonValues`. Its reader makes objects of all of it. */
  readonly maxValues?: number;
}

const megabyte = 1024 * 1024;

/** What servers in the field name NDJSON; object stores call every file a stream of octets. */
const ndjsonTypes: ReadonlySet<string> = new Set([
  'application/fhir+ndjson',
  'application/ndjson',
  'application/x-ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json-seq',
  'application/fhir+json',
  'application/json',
  'application/octet-stream',
  'binary/octet-stream',
  'application/gzip',
  'application/x-gzip',
  'text/plain',
]);

/** FHIR Bulk Data, "Output File Request". A file is processed line by line, so its size has no limit. */
export const fileAnswer: AnswerRules = {
  name: 'file',
  usable: [200],
  later: [202],
  mediaTypes: ndjsonTypes,
  body: 'stream',
  maxBytes: Number.POSITIVE_INFINITY,
};

/** An attachment, of whatever type. Its size is limited where it is stored. */
export const documentAnswer: AnswerRules = {
  name: 'document',
  usable: [200],
  later: [202],
  body: 'stream',
  maxBytes: Number.POSITIVE_INFINITY,
};

/** A page of a hundred resources has some 200 kB; a server that ignores `_count` must not take the process's memory. */
export const searchPageAnswer: AnswerRules = {
  name: 'search page',
  usable: [200],
  later: [],
  body: 'stream',
  maxBytes: 64 * megabyte,
  maxValues: maxJsonValues,
};

/** 202: in progress. 200: a manifest, whose 20,000 files take some 6 MB. */
export const exportStatusAnswer: AnswerRules = {
  name: 'export status',
  usable: [200, 202],
  later: [],
  body: 'stream',
  maxBytes: 64 * megabyte,
  maxValues: maxJsonValues,
};

/**
 * 202 with `Content-Location`, which some servers send with 200 or 201; its reader requires the header. All that counts is in the
 * headers, so a body that breaks off loses nothing.
 */
export const kickOffAnswer: AnswerRules = {
  name: 'kick-off',
  usable: [200, 201, 202, 204],
  later: [],
  body: 'ignored',
  maxBytes: 0,
};

/** FHIR Bulk Data, "Delete Request": 202. Servers also answer 200 and 204. */
export const deletionAnswer: AnswerRules = {
  name: 'deletion',
  usable: [200, 202, 204],
  later: [],
  body: 'ignored',
  maxBytes: 0,
};

/** A single resource; the largest CapabilityStatements in the field have 5 MB. */
export const resourceAnswer: AnswerRules = {
  name: 'resource',
  usable: [200],
  later: [],
  body: 'json',
  maxBytes: 32 * megabyte,
  maxValues: maxJsonValues,
};

/** A SMART configuration has some kilobytes. */
export const configurationAnswer: AnswerRules = {
  name: 'configuration',
  usable: [200],
  later: [],
  body: 'json',
  maxBytes: megabyte,
  maxValues: maxJsonValues,
};

/**
 * Reads `Retry-After` (RFC 9110 10.2.3: seconds or an HTTP-date). Servers also send fractions, negative numbers and Unix
 * timestamps; what cannot be a wait is undefined, never NaN.
 * @returns milliseconds, at least 0.
 */
export function parseRetryAfter({ value, now }: { readonly value: unknown; readonly now: Date }): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    if (seconds < 0) return undefined;
    // More than a year of seconds is a timestamp (in seconds or milliseconds), not a wait.
    if (seconds < 365 * 86_400) return seconds * 1000;
    return untilInstant(seconds > 1e11 ? seconds : seconds * 1000, now);
  }
  return untilInstant(Date.parse(value), now);
}

function untilInstant(instantMs: number, now: Date): number | undefined {
  return Number.isNaN(instantMs) ? undefined : Math.max(instantMs - now.getTime(), 0);
}

/** How long an answer asks to wait, ms. */
export function retryAfterOf(response: AxiosResponse | undefined): number | undefined {
  return parseRetryAfter({ value: response?.headers['retry-after'], now: new Date() });
}
