import { maxJsonValues } from '@bulkhead/fhir';
import type { AxiosResponse } from 'axios';

/**
 * The form that an answer must have, for each kind of request. Every answer of an EHR passes `acceptAnswer` with one of these rules
 * before anything reads it. A status below 400 that is neither usable nor a request to wait is a failure, because "not an error"
 * does not mean "what was requested" (an empty 204 is not an empty file). A status from 400 on becomes an `EhrHttpError`.
 */
export interface AnswerRules {
  /** The name of the requested thing, for messages. */
  readonly name:
    | 'file'
    | 'document'
    | 'search page'
    | 'export status'
    | 'kick-off'
    | 'deletion'
    | 'resource'
    | 'configuration';
  /** Statuses with a body of the requested form. */
  readonly usable: readonly number[];
  /** Statuses below 400 that mean "not ready, ask again later". By default none. */
  readonly later?: readonly number[];
  /** Whether a whole body must begin like NDJSON, see `check-ndjson.ts`. If not set, the reader of the body decides. */
  readonly isNdjson?: true;
  /** Whether lines of NDJSON can be Bundles, as those of deletions are. A Bundle is refused otherwise. */
  readonly holdsBundles?: boolean;
  /**
   * Whether the body is returned as parsed JSON, as a decoded stream, or not at all. `explanationWithout`: the answer is in this header, and the
   * body is only read, as an `ErrorBody`, if the header is missing.
   */
  readonly body: 'json' | 'stream' | 'ignored' | { readonly explanationWithout: string };
  /** The largest size after decompression. */
  readonly maxBytes: number;
  /** The largest number of values in a JSON body, because its reader creates objects for all of them. See `maxJsonValues`. */
  readonly maxValues?: number;
  /** How long the body may take. If not set, the time limit of the job decides. */
  readonly maxMs?: number;
}

const megabyte = 1024 * 1024;
/** 64 MB at a megabit a second. */
const wholeAnswerMs = 10 * 60_000;

/** FHIR Bulk Data, "Output File Request". A file is processed line by line, so its size is not limited. */
export const fileAnswer: AnswerRules = {
  name: 'file',
  usable: [200],
  later: [202],
  isNdjson: true,
  body: 'stream',
  maxBytes: Number.POSITIVE_INFINITY,
};

/** An attachment of any type. Its size is limited where it is stored. */
export const documentAnswer: AnswerRules = {
  name: 'document',
  usable: [200],
  later: [202],
  body: 'stream',
  maxBytes: Number.POSITIVE_INFINITY,
};

/**
 * A page of a hundred resources has about 200 kB. The limit is for servers that ignore `_count`. A page is in memory as a whole, as bytes,
 * text and objects, and must fit into the memory limit of a worker.
 */
export const searchPageAnswer: AnswerRules = {
  name: 'search page',
  usable: [200],
  body: 'stream',
  maxBytes: 32 * megabyte,
  maxValues: maxJsonValues,
  maxMs: wholeAnswerMs,
};

/** 202 means "in progress". 200 has a manifest, which takes about 6 MB for 20,000 files. */
export const exportStatusAnswer: AnswerRules = {
  name: 'export status',
  usable: [200, 202],
  body: 'stream',
  maxBytes: 64 * megabyte,
  maxValues: maxJsonValues,
  maxMs: wholeAnswerMs,
};

/**
 * 202 with `Content-Location`, which some servers send with 200 or 201. Everything needed is in the headers, so nothing is lost if the
 * body breaks off. Without the header, the body says why no export was started.
 */
export const kickOffAnswer: AnswerRules = {
  name: 'kick-off',
  usable: [200, 201, 202, 204],
  body: { explanationWithout: 'content-location' },
  maxBytes: 0,
};

/** FHIR Bulk Data, "Delete Request": 202. Some servers send 200 or 204. */
export const deletionAnswer: AnswerRules = {
  name: 'deletion',
  usable: [200, 202, 204],
  body: 'ignored',
  maxBytes: 0,
};

/** A single resource, which is in memory as a whole. The largest known CapabilityStatements have 5 MB. */
export const resourceAnswer: AnswerRules = {
  name: 'resource',
  usable: [200],
  body: 'json',
  maxBytes: 8 * megabyte,
  maxValues: maxJsonValues,
  maxMs: wholeAnswerMs,
};

/** A resource that is stored, of any size that a page may have. */
export const storedResourceAnswer: AnswerRules = { ...searchPageAnswer, name: 'resource' };

/** A SMART configuration has a few kilobytes. */
export const configurationAnswer: AnswerRules = {
  name: 'configuration',
  usable: [200],
  body: 'json',
  maxBytes: megabyte,
  maxValues: maxJsonValues,
  maxMs: wholeAnswerMs,
};

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3: seconds or an HTTP date). Servers also send fractions, negative numbers and Unix
 * timestamps. A value that cannot be a wait is read as undefined, never as NaN.
 * @returns milliseconds, at least 0
 */
export function parseRetryAfter({ value, now }: { readonly value: unknown; readonly now: Date }): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    if (seconds < 0) return undefined;
    // A number of seconds of more than a year is a timestamp in seconds or milliseconds.
    if (seconds < 365 * 86_400) return seconds * 1000;
    return untilInstant(seconds > 1e11 ? seconds : seconds * 1000, now);
  }
  return untilInstant(Date.parse(value), now);
}

function untilInstant(instantMs: number, now: Date): number | undefined {
  return Number.isNaN(instantMs) ? undefined : Math.max(instantMs - now.getTime(), 0);
}

/** How long an answer asks to wait, in ms. */
export function retryAfterOf(response: Pick<AxiosResponse, 'headers'> | undefined): number | undefined {
  return parseRetryAfter({ value: response?.headers['retry-after'], now: new Date() });
}
