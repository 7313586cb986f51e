import type { IncomingMessage } from 'node:http';
import { AppError } from '@bulkhead/domain';
import { type ManifestEntry, type ManifestHeader, manifestSections, readManifestEntry } from '@bulkhead/fhir';
import streamObject from 'stream-json/streamers/stream-object.js';
import type { EhrResponse } from './ehr-http.ts';
import type { EhrSession } from './ehr-session.ts';
import { parseRetryAfter } from './retry-after.ts';

export type ExportStatus =
  | { readonly kind: 'in-progress'; readonly progress?: string; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'complete'; readonly manifest: Manifest };

export interface Manifest extends ManifestHeader {
  readonly entries: readonly ManifestEntry[];
  /** Elements of `output`, `deleted` or `error` without a usable URL. */
  readonly unreadableEntries: number;
}

interface ManifestPage extends Manifest {
  readonly nextUrl?: string;
}

/** No server pages so finely that 20,000 files come to more. */
const maxPages = 10_000;

/** One status request (FHIR Bulk Data, "Status Request"); a manifest in pages is read to its last one. */
export async function readExportStatus(options: {
  readonly session: EhrSession;
  readonly statusUrl: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<ExportStatus> {
  const response = await requestPage({ ...options, url: options.statusUrl });
  const body = response.data as IncomingMessage;
  if (response.status === 202 || response.headers['x-export-status'] === 'in-progress') {
    body.resume();
    const progress = response.headers['x-progress']?.slice(0, 100);
    const retryAfterMs = parseRetryAfter({ value: response.headers['retry-after'], now: new Date() });
    return { kind: 'in-progress', retryAfterMs, ...(progress === undefined ? {} : { progress }) };
  }
  return { kind: 'complete', manifest: await readPages({ ...options, first: response }) };
}

interface PageOptions {
  readonly session: EhrSession;
  readonly signal?: AbortSignal | undefined;
}

function requestPage({ session, signal, url }: PageOptions & { readonly url: string }): Promise<EhrResponse> {
  return session.send({
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    priority: 'poll',
    responseType: 'stream',
    // The poll itself comes again and counts its errors.
    retries: 0,
    sendToken: true,
    signal,
  });
}

/** All pages or an error: the files of a page that is missing would be lost without a word. */
async function readPages({ first, ...options }: PageOptions & { readonly first: EhrResponse }): Promise<Manifest> {
  const read = ({ data, url }: EhrResponse) => readManifest({ body: data as IncomingMessage, manifestUrl: url });
  const pages = [await read(first)];
  for (let url = pages[0]?.nextUrl; url !== undefined; url = pages.at(-1)?.nextUrl) {
    if (pages.length >= maxPages) throw notUnderstood();
    pages.push(await read(await requestPage({ ...options, url })));
  }
  const { nextUrl: _, ...manifest } = pages[0] as ManifestPage;
  return {
    ...manifest,
    entries: pages.flatMap(({ entries }) => entries),
    unreadableEntries: pages.reduce((sum, page) => sum + page.unreadableEntries, 0),
  };
}

/** Manifests of 20,000 files are some megabytes: parsed as they come, never as one string. */
export async function readManifest(options: {
  readonly body: NodeJS.ReadableStream;
  readonly manifestUrl: string;
}): Promise<ManifestPage> {
  const { body, manifestUrl } = options;
  const header: Record<string, unknown> = {};
  const entries: ManifestEntry[] = [];
  let unreadableEntries = 0;
  try {
    const properties = body.pipe(streamObject.withParserAsStream()) as AsyncIterable<{ key: string; value: unknown }>;
    body.once('error', (error) => (properties as unknown as { destroy(error: Error): void }).destroy(error));
    for await (const { key, value } of properties) {
      const section = manifestSections.find((one) => one === (key === 'outcome' ? 'error' : key));
      if (!section) header[key] = value;
      for (const element of section && Array.isArray(value) ? value : []) {
        const entry = readManifestEntry({ section: section ?? 'output', value: element, manifestUrl });
        if (entry) entries.push(entry);
        else unreadableEntries += 1;
      }
    }
  } catch (cause) {
    throw notUnderstood(cause);
  }
  const { transactionTime, requiresAccessToken } = header;
  if (typeof transactionTime !== 'string' || Number.isNaN(Date.parse(transactionTime))) throw notUnderstood();
  const nextUrl = readNextUrl({ link: header.link, manifestUrl });
  return {
    transactionTime,
    requiresAccessToken: requiresAccessToken !== false,
    entries,
    unreadableEntries,
    ...(nextUrl === undefined ? {} : { nextUrl }),
  };
}

/** FHIR Bulk Data STU3, "Response - Complete Status": `link` with the relation `next`. */
function readNextUrl({ link, manifestUrl }: { readonly link: unknown; readonly manifestUrl: string }) {
  const next = (Array.isArray(link) ? link : []).find((one) => one?.relation === 'next') as
    | { url?: unknown }
    | undefined;
  if (!next) return undefined;
  if (typeof next.url === 'string' && URL.canParse(next.url, manifestUrl)) return new URL(next.url, manifestUrl).href;
  throw notUnderstood();
}

function notUnderstood(cause?: unknown): AppError {
  return new AppError({
    code: 'manifest-not-understood',
    message: "The EHR's export manifest cannot be read. It is asked for again; if it lasts, contact the EHR's support.",
    retry: 'later',
    cause,
  });
}

/** Tells the server that the data is safe, or no longer wanted (FHIR Bulk Data, "Delete Request"). Gone already is fine. */
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
      responseType: 'json',
      retries: 2,
      sendToken: true,
      signal,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ehr-not-found') throw error;
  }
}
