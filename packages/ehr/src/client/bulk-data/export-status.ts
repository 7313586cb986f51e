import type { Readable } from 'node:stream';
import { AppError, toEhrText } from '@bulkhead/base';
import {
  type ManifestEntry,
  type ManifestHeader,
  manifestSections,
  readManifestEntry,
  readOutcomeIssues,
  withoutLeapSecond,
} from '@bulkhead/fhir';
import streamObject from 'stream-json/streamers/stream-object.js';
import type { RequestPriority } from '../../rate-limiter/index.ts';
import { type EhrResponse, toBodyError } from '../answers/accept-answer.ts';
import { deletionAnswer, exportStatusAnswer, parseRetryAfter } from '../answers/answer-rules.ts';
import { describeIssue } from '../answers/read-error-body.ts';
import type { EhrSession } from '../ehr-session.ts';
import { ehrError } from '../errors.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';

export type ExportStatus = (
  | { readonly kind: 'in-progress'; readonly progress?: string; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'complete'; readonly manifest: Manifest }
) & {
  /** The headers that the server has accepted. */
  readonly form: StatusForm;
};

export interface Manifest extends ManifestHeader {
  readonly entries: readonly ManifestEntry[];
  /** Elements of `output`, `deleted` or `error` without a usable URL. */
  readonly unreadableEntries: number;
  /** What the OperationOutcomes say that are in `error` in place of links. They count as unreadable, too. */
  readonly statedErrors: readonly string[];
  /** Whether it has a list of deletions, even an empty one. */
  readonly hasDeletedList: boolean;
}

interface ManifestPage extends Manifest {
  readonly nextUrl?: string;
}

/** No server makes pages so small that 20,000 files need more. */
const maxPages = 10_000;
/** A server that invents a new URL for every page of a loop must not cost the requests of a day. */
const maxIdlePages = 10;
/** The largest known exports have about 20,000 files. A worker accepts 50,000 in half a minute, with 140 MB. */
const maxEntries = 50_000;
/** Enough for a person to see what is wrong. */
const maxStatedErrors = 10;

/**
 * Sends one status request (FHIR Bulk Data, "Status Request"). A manifest in pages is read to its last page.
 * @throws AppError `manifest-not-understood`, `manifest-too-large`, and what the session throws
 */
export async function readExportStatus(options: {
  readonly session: EhrSession;
  readonly statusUrl: string;
  /** The default is `poll`. */
  readonly priority?: RequestPriority;
  /** What the server has accepted before. */
  readonly form?: StatusForm | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<ExportStatus> {
  const { response, form } = await requestPage({ ...options, url: options.statusUrl });
  if (response.status === 202 || response.headers['x-export-status'] === 'in-progress') {
    (response.data as Readable).on('error', () => undefined).resume();
    const progress = toEhrText(response.headers['x-progress']?.slice(0, 100) ?? '');
    const retryAfterMs = parseRetryAfter({ value: response.headers['retry-after'], now: new Date() });
    return { kind: 'in-progress', form, retryAfterMs, ...(progress === undefined ? {} : { progress }) };
  }
  return { kind: 'complete', form, manifest: await readPages({ ...options, form, first: response }) };
}

interface PageOptions {
  readonly session: EhrSession;
  readonly priority?: RequestPriority;
  readonly form?: StatusForm | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The headers of status requests, in the order in which they are tried. One server of Oracle requires `Prefer` and produces only
 * `application/fhir+json` (https://docs.oracle.com/en/industries/health/soarian-clinicals-apis/sfbda/op-export-statusrequest-get.html). Other servers
 * compare `Accept` literally.
 */
const prefer = { prefer: 'respond-async' };
const usualHeaders = { accept: 'application/json, application/fhir+json;q=0.9' };
const statusHeaders = {
  usual: usualHeaders,
  prefer: { ...usualHeaders, ...prefer },
  'fhir-json': { accept: 'application/fhir+json', ...prefer },
  json: { accept: 'application/json' },
} as const;
type StatusForm = keyof typeof statusHeaders;
const statusForms = Object.keys(statusHeaders) as readonly StatusForm[];

/** Whether the server refuses the headers of a status request. That says nothing of the export, which may still be running. */
export function refusesHeaders(error: unknown): error is EhrHttpError {
  if (!(error instanceof EhrHttpError)) return false;
  const { status, ehrText = '' } = error;
  return status === 406 || status === 415 || (status === 400 && /\b(?:prefer|accept)\b/i.test(ehrText));
}

async function requestPage({ form: known, ...options }: PageOptions & { readonly url: string }) {
  const { sendsPrefer = false } = options.session.provider.poll ?? {};
  const usual = sendsPrefer ? statusForms.slice(1) : statusForms;
  const forms = new Set(known ? [known, ...usual] : usual);
  const last = [...forms].at(-1);
  for (const form of forms) {
    try {
      return { form, response: await requestWith({ ...options, headers: statusHeaders[form] }) };
    } catch (error) {
      if (!refusesHeaders(error) || form === last) throw error;
    }
  }
  throw new Error('no form of the headers');
}

function requestWith({
  session,
  priority = 'poll',
  signal,
  url,
  headers,
}: PageOptions & { readonly url: string; readonly headers: Readonly<Record<string, string>> }): Promise<EhrResponse> {
  return session.send({
    method: 'GET',
    url,
    headers,
    priority,
    answer: exportStatusAnswer,
    // The poll job repeats the request and counts its errors.
    retries: 0,
    sendToken: true,
    signal,
  });
}

/** Reads all pages or throws, because the files of a missing page would be lost silently. */
async function readPages({ first, ...options }: PageOptions & { readonly first: EhrResponse }): Promise<Manifest> {
  const read = ({ data, url }: EhrResponse) => readManifest(data as Readable, url);
  const { nextUrl, ...manifest } = await read(first);
  const entries = [...manifest.entries];
  const statedErrors = [...manifest.statedErrors];
  let { unreadableEntries, hasDeletedList } = manifest;
  const visited = new Set([first.url]);
  const files = new Set(entries.map(({ url }) => url));
  let idlePages = 0;
  for (let url = nextUrl; url !== undefined; ) {
    if (visited.has(url)) throw notUnderstood({ fault: 'its pages form a circle' });
    if (visited.size >= maxPages || entries.length > maxEntries) throw tooLarge();
    visited.add(url);
    const { response } = await requestPage({ ...options, url });
    const page = await read(response);
    if (page.transactionTime !== manifest.transactionTime)
      throw notUnderstood({ fault: 'its pages have different transaction times' });
    const knownFiles = files.size;
    for (const entry of page.entries) {
      entries.push(entry);
      files.add(entry.url);
    }
    idlePages = files.size > knownFiles ? 0 : idlePages + 1;
    if (idlePages >= maxIdlePages) throw notUnderstood({ fault: 'its last 10 pages list no file that is new' });
    unreadableEntries += page.unreadableEntries;
    statedErrors.push(...page.statedErrors.slice(0, maxStatedErrors - statedErrors.length));
    hasDeletedList ||= page.hasDeletedList;
    url = page.nextUrl;
  }
  if (entries.length > maxEntries) throw tooLarge();
  return { ...manifest, entries, unreadableEntries, statedErrors, hasDeletedList };
}

/** Parses a manifest while it arrives and never as one string, because 20,000 files take several megabytes. */
export async function readManifest(body: Readable, manifestUrl: string): Promise<ManifestPage> {
  const { properties: read, start } = await readProperties(body);
  const properties = read.get('resourceType') === 'Parameters' ? ofParameters(read.get('parameter')) : read;
  const malformed = (fault: string) => notUnderstood({ fault, start });
  const entries: ManifestEntry[] = [];
  const statedErrors: string[] = [];
  let unreadableEntries = 0;
  // STU4 drafts call the section `outcome`.
  for (const name of [...manifestSections, 'outcome'] as const) {
    const section = name === 'outcome' ? 'error' : name;
    const value = properties.get(name);
    // An empty list of Go or PHP is `null` in JSON. A manifest without `output` is not one.
    if (value === null || (value === undefined && section !== 'output')) continue;
    if (!Array.isArray(value)) throw malformed(`\`${name}\` is not a list`);
    for (const element of value) {
      const entry = readManifestEntry({ section, value: element, manifestUrl });
      if (entry) entries.push(entry);
      else {
        unreadableEntries += 1;
        const rest = maxStatedErrors - statedErrors.length;
        statedErrors.push(...readOutcomeIssues(element).slice(0, rest).map(describeIssue));
      }
    }
  }
  const transactionTime = readTime(properties.get('transactionTime'));
  if (transactionTime === undefined) throw malformed('it has no usable `transactionTime`');
  const next = readNextUrl(properties.get('link'), manifestUrl);
  if ('fault' in next) throw malformed(next.fault);
  return {
    transactionTime,
    requiresAccessToken: properties.get('requiresAccessToken') !== false,
    entries,
    unreadableEntries,
    statedErrors,
    hasDeletedList: Array.isArray(properties.get('deleted')),
    ...next,
  };
}

/** Some servers send the manifest as a Parameters resource: a parameter for each property, and one with parts for each file. */
function ofParameters(parameters: unknown): ReadonlyMap<string, unknown> {
  // A Parameters resource has no empty lists.
  const lists = new Map<string, unknown[]>([['output', []]]);
  const values = new Map<string, unknown>();
  for (const parameter of objectsOf(parameters)) {
    const name = String(parameter.name);
    if (!Array.isArray(parameter.part)) {
      values.set(name, contentOf(parameter));
      continue;
    }
    const list = lists.get(name) ?? [];
    list.push(Object.fromEntries(objectsOf(parameter.part).map((part) => [String(part.name), contentOf(part)])));
    lists.set(name, list);
  }
  return new Map([...values, ...lists]);
}

/** `value[x]`, whatever its type is. */
function contentOf(parameter: Readonly<Record<string, unknown>>): unknown {
  return parameter[Object.keys(parameter).find((key) => key.startsWith('value')) ?? ''];
}

/** A server may send anything in the place of a list. */
function objectsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}

/** An instant has 35 characters at most. JavaScript also reads a date that is followed by a megabyte of comments. */
const longestTime = 64;

function readTime(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null) return readPhpTime(value);
  const time = typeof value === 'string' && value.length <= longestTime ? withoutLeapSecond(value) : '';
  return Number.isNaN(Date.parse(time)) ? undefined : time;
}

/** `json_encode` of a DateTime of PHP: `{"date": "2026-12-01 10:00:00.000000", "timezone_type": 3, "timezone": "UTC"}`. */
function readPhpTime({ date, timezone }: { readonly date?: unknown; readonly timezone?: unknown }): string | undefined {
  if (![date, timezone].every((text) => typeof text === 'string' && text.length <= longestTime)) return undefined;
  try {
    return Temporal.PlainDateTime.from(String(date)).toZonedDateTime(String(timezone)).toInstant().toString();
  } catch {
    return undefined;
  }
}

/** Reads the manifest's own properties and the first bytes of its text. @throws AppError `connection-lost` */
async function readProperties(body: Readable) {
  const properties = new Map<string, unknown>();
  let start: Buffer = Buffer.alloc(0);
  body.once('data', (chunk: Buffer) => {
    start = chunk.subarray(0, quotedBytes);
  });
  try {
    // Without this option, the parser also emits each string, key and number in pieces, which takes half of its time.
    const parser = body.pipe(streamObject.withParserAsStream({ streamValues: false })) as unknown as Readable;
    body.once('error', (error) => parser.destroy(error));
    for await (const { key, value } of parser as AsyncIterable<{ key: string; value: unknown }>)
      properties.set(key, value);
  } catch (cause) {
    const error = toBodyError(cause);
    if (error instanceof AppError) throw error;
    const isWebPage = start.toString('utf8').trimStart().startsWith('<');
    throw isWebPage ? webPage(start, cause) : notUnderstood({ fault: 'it is not a JSON object', start, cause });
  }
  return { properties, start };
}

/** A gateway can answer with the page of a login or of its maintenance, as with 503. The export at the EHR continues meanwhile. */
function webPage(start: Buffer, cause: unknown): AppError {
  return ehrError('manifest-not-understood', { retry: 'later', cause, ehrText: toEhrText(start.toString('utf8')) });
}

/** How much is kept of text that is not a manifest, see `toEhrText`. */
const quotedBytes = 2000;

/** FHIR Bulk Data STU3, "Response - Complete Status": `link` with the relation `next`. */
function readNextUrl(link: unknown, manifestUrl: string): { readonly nextUrl?: string } | { readonly fault: string } {
  if (link === undefined || link === null) return {};
  if (!Array.isArray(link)) return { fault: '`link` is not a list' };
  const next = link.find((entry) => entry?.relation === 'next') as { url?: unknown } | undefined;
  if (!next) return {};
  if (typeof next.url === 'string' && URL.canParse(next.url, manifestUrl))
    return { nextUrl: new URL(next.url, manifestUrl).href };
  return { fault: 'its link to the next page is not a URL' };
}

function notUnderstood(options: {
  readonly fault: string;
  readonly start?: Buffer;
  readonly cause?: unknown;
}): AppError {
  const { fault, start, cause } = options;
  return ehrError('manifest-not-understood', {
    message: `The EHR's export manifest cannot be read: ${fault}. Contact the EHR's support.`,
    retry: 'briefly',
    cause,
    ehrText: start && toEhrText(start.toString('utf8')),
  });
}

function tooLarge(): AppError {
  return ehrError('manifest-too-large', {
    message: `The EHR's export manifest has more than ${maxEntries} files or ${maxPages} pages. Export fewer types at a time.`,
  });
}

/** Tells the server that the data is stored or no longer wanted (FHIR Bulk Data, "Delete Request"). A missing export is fine. */
export async function deleteExport(options: {
  readonly session: EhrSession;
  readonly statusUrl: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { session, statusUrl, signal } = options;
  const headers = { accept: 'application/fhir+json' };
  try {
    await session.send({
      method: 'DELETE',
      url: statusUrl,
      headers,
      priority: 'kick-off',
      answer: deletionAnswer,
      retries: 2,
      sendToken: true,
      signal,
    });
  } catch (error) {
    if (!isNotFound(error) && !(await hasGone({ session, statusUrl, signal, error }))) throw error;
  }
}

/** The Inferno reference server answers each deletion of a failed export with 500. Its status then says that the export is gone. */
async function hasGone({
  error,
  ...options
}: Parameters<typeof deleteExport>[0] & { readonly error: unknown }): Promise<boolean> {
  if (!(error instanceof EhrHttpError) || error.status !== 500) return false;
  try {
    await readExportStatus({ ...options, priority: 'kick-off' });
    return false;
  } catch (statusError) {
    return isNotFound(statusError);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'ehr-not-found';
}
