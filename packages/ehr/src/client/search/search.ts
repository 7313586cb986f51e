import type { Readable } from 'node:stream';
import { type AppError, runWithPauses, toEhrText } from '@bulkhead/base';
import {
  cutDepthInSteps,
  JsonTooDeepError,
  listIssueCodes,
  parseFhirJsonInSteps,
  readSearchBundle,
  type SearchBundle,
} from '@bulkhead/fhir';
import type { EhrConnection, Provider } from '../../providers/index.ts';
import type { RequestPriority } from '../../rate-limiter/index.ts';
import { toBodyError } from '../answers/accept-answer.ts';
import { type AnswerRules, searchPageAnswer, storedResourceAnswer } from '../answers/answer-rules.ts';
import { describeIssue } from '../answers/read-error-body.ts';
import { refusesParameter } from '../bulk-data/negotiate-kick-off.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';

/**
 * Reads resources by FHIR search, one page at a time. `searchUrl` builds the URL of the first page, `readSearchPage` reads a page
 * and returns the URL of the next one, and `checkPaging` (bulk-data/paging-loop.ts) detects pages that never end. The sync stores
 * the URL of the next page after each page, so that a search continues there after a restart.
 * `readResource` reads a single resource.
 */
export interface SearchPage extends Omit<SearchBundle, 'nextUrl'> {
  /** An absolute URL. */
  readonly nextUrl?: string;
  /** When the server says that it has served the page, at most the present. */
  readonly servedAt: Date;
}

/**
 * The URL of a search's first page. It includes the parameters that the provider requires for every search and for the type.
 * @param options.parameters of the search itself, such as `patient` and `_lastUpdated`. A list is a repeated parameter.
 */
export function searchUrl(options: {
  readonly connection: EhrConnection;
  readonly provider: Provider;
  readonly resourceType: string;
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
}): string {
  const { connection, provider, resourceType, parameters } = options;
  const { search } = provider;
  const url = new URL(`${connection.fhirEndpoint}/${resourceType}`);
  const demanded = { ...search?.parameters, ...search?.parametersByType[resourceType] };
  for (const [name, value] of Object.entries({ ...parameters, ...demanded, _count: String(search?.pageSize ?? 100) })) {
    for (const text of [value].flat()) {
      url.searchParams.append(name, text.replace('{practiceId}', connection.practiceId ?? ''));
    }
  }
  return url.href;
}

/**
 * Reads one page of a search (https://hl7.org/fhir/R4/http.html#search). Every number keeps its text.
 * @throws AppError `search-refused` for status 200 with an OperationOutcome that reports an error, `search-not-understood`, and
 * what the session throws
 */
export async function readSearchPage(options: Read & { readonly url: string }): Promise<SearchPage> {
  const { session, url } = options;
  const response = await get({ ...options, answer: searchPageAnswer }).catch((error) => {
    const accepted = withoutRefused(url, { session, error });
    if (accepted === undefined) throw error;
    return get({ ...options, url: accepted, answer: searchPageAnswer });
  });
  const bundle = await readBundle(response.data as Readable, options.onLarge);
  const { nextUrl, ...page } = bundle;
  const failed = page.issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  if (failed.length > 0)
    throw ehrError('search-refused', {
      context: { reason: listIssueCodes(failed) },
      ehrText: toEhrText(failed.map(describeIssue).join('; ')),
    });
  return {
    ...page,
    servedAt: timeOf(response.headers.date),
    ...(nextUrl === undefined ? {} : { nextUrl: absolute(nextUrl, response.url) }),
  };
}

/**
 * A search without a parameter that the provider requires for every search, if the search of this type refuses it by name: athenahealth's
 * CapabilityStatement does not declare `ah-practice` for each type. @returns undefined if it refuses something else
 */
function withoutRefused(
  url: string,
  { session, error }: { readonly session: EhrSession; readonly error: unknown },
): string | undefined {
  if (!(error instanceof EhrHttpError) || error.status !== 400) return undefined;
  const search = new URL(url);
  const refused = Object.keys(session.provider.search?.parameters ?? {}).filter(
    (name) => search.searchParams.has(name) && refusesParameter(error, name),
  );
  for (const name of refused) search.searchParams.delete(name);
  return refused.length > 0 ? search.href : undefined;
}

/**
 * Reads a resource by its id (https://hl7.org/fhir/R4/http.html#read). Every number keeps its text.
 * @throws AppError `search-not-understood`, and what the session throws, such as an `EhrHttpError` with status 404 or 410
 */
export async function readResource(
  options: Read & { readonly resourceType: string; readonly id: string },
): Promise<{ readonly content: unknown; readonly servedAt: Date }> {
  const { session, resourceType, id, onLarge } = options;
  const url = `${session.connection.fhirEndpoint}/${resourceType}/${id}`;
  const response = await get({ ...options, url, answer: storedResourceAnswer });
  const { content } = await readJson(response.data as Readable, onLarge);
  return { content, servedAt: timeOf(response.headers.date) };
}

interface Read {
  readonly session: EhrSession;
  readonly priority?: RequestPriority;
  readonly signal?: AbortSignal | undefined;
  /** Called once if the answer has more than a megabyte, before the rest of it is read. */
  readonly onLarge?: () => Promise<void>;
}

function get(options: Read & { readonly url: string; readonly answer: AnswerRules }) {
  const { session, url, priority = 'crawl', answer, signal } = options;
  return session.send({
    method: 'GET',
    url,
    headers: { accept: 'application/fhir+json' },
    priority,
    answer,
    // The sync step itself is retried.
    retries: 0,
    sendToken: true,
    signal,
  });
}

/** @returns the present if the server sends no time, or one in the future: what a clock that is ahead has served would outlive its deletion */
function timeOf(date: string | undefined): Date {
  const now = new Date();
  const time = new Date(date ?? Number.NaN);
  // False for an invalid date too.
  return time < now ? time : now;
}

/** A resource of more than 100 levels is quarantined, alone. Far deeper text could not even be written as JSON again, so it is cut off. */
const maxPageDepth = 1000;

/** A usual page has 200 kB. */
const largePageBytes = 1024 * 1024;

async function readBundle(body: Readable, onLarge: Read['onLarge']): Promise<SearchBundle> {
  const { content, json } = await readJson(body, onLarge);
  const reading = readSearchBundle(content);
  if ('fault' in reading) throw notUnderstood({ ...reading, json });
  return reading.page;
}

async function readJson(body: Readable, onLarge: Read['onLarge'] = async () => undefined) {
  let json: Buffer;
  try {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const isFirstLarge = sizeBytes <= largePageBytes && sizeBytes + chunk.length > largePageBytes;
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (isFirstLarge) await onLarge();
    }
    json = Buffer.concat(chunks);
  } catch (error) {
    throw toBodyError(error);
  }
  try {
    return { content: await parsePage(json), json };
  } catch (cause) {
    throw notUnderstood({ fault: 'it is not a readable JSON document', json, cause });
  }
}

async function parsePage(json: Buffer): Promise<unknown> {
  const limits = { maxDepth: maxPageDepth };
  try {
    return (await runWithPauses(parseFhirJsonInSteps(json, limits))).value;
  } catch (error) {
    if (!(error instanceof JsonTooDeepError)) throw error;
    return (await runWithPauses(parseFhirJsonInSteps(await runWithPauses(cutDepthInSteps(json, maxPageDepth)), limits)))
      .value;
  }
}

function absolute(nextUrl: string, pageUrl: string): string {
  if (!URL.canParse(nextUrl, pageUrl)) throw notUnderstood({ fault: '`link` has a "next" whose URL is not valid' });
  return new URL(nextUrl, pageUrl).href;
}

/** @param options.fault fixed text that quotes nothing of the EHR's answer */
function notUnderstood(options: {
  readonly fault: string;
  readonly json?: Buffer;
  readonly cause?: unknown;
}): AppError {
  const { fault, json, cause } = options;
  return ehrError('search-not-understood', {
    message: `The EHR responded to the search with a malformed page: ${fault}. Verify the FHIR endpoint, and report the page to the EHR's support.`,
    cause,
    ehrText: json && toEhrText(json.toString('utf8', 0, 2000)),
  });
}
