import type { ReceivedRequest, Route } from '@bulkhead/embedded/scripted-server';
import { codingHeader, cut, encode, interrupt, refuse, webPage } from './answers.ts';
import type { ExportPlan, FileFailure } from './export-plan.ts';
import type { HostileFile } from './plan-files.ts';

/** An export of a hostile server: its manifest and its files. */
export interface HostileExport {
  readonly id: string;
  readonly plan: ExportPlan;
  readonly transactionTime: string;
  readonly files: ReadonlyMap<string, HostileFile>;
  polls: number;
  reads: number;
  /** The number of requests for each file. */
  readonly requestCounts: Map<string, number>;
}

export function answerStatus(options: {
  readonly running: HostileExport;
  readonly page: number;
  readonly baseUrl: string;
  readonly now: () => number;
}): Route {
  const { running, page, baseUrl, now } = options;
  const poll = page === 0 ? running.plan.polls[running.polls++] : undefined;
  if (poll === 'in-progress') return { status: 202, headers: { 'x-progress': '50%' } };
  // The files that are ready so far (FHIR Bulk Data 3.0, "allowPartialManifests"), although the client did not ask for
  // them.
  if (poll === 'partial-manifest') {
    const { output, ...rest } = manifestPage({ running, page: 0, baseUrl });
    return { status: 202, body: { ...rest, output: [output].flat().slice(0, 1), link: [] } };
  }
  if (poll) return interrupt(poll, now);
  if (page === 0) running.reads += 1;
  return { body: manifestPage({ running, page, baseUrl }) };
}

const clockErrorMs = { right: 0, 'day-ahead': 86_400_000, 'day-behind': -86_400_000 };

function manifestPage(options: { readonly running: HostileExport; readonly page: number; readonly baseUrl: string }) {
  const { running, page, baseUrl } = options;
  const { plan, id, transactionTime } = running;
  const { pageSize, oddity, requiresAccessToken, clock } = plan.manifest;
  const entries = manifestEntries(running, baseUrl);
  const pageEntries = pageSize === 0 ? entries : entries.slice(page * pageSize, (page + 1) * pageSize);
  const hasMore = pageSize > 0 && entries.length > (page + 1) * pageSize;
  const next = oddity === 'page-loop' ? 0 : page + 1;
  const listOf = (section: string) => pageEntries.filter((item) => item.section === section).map(({ entry }) => entry);
  const link =
    hasMore || oddity === 'page-loop' ? [{ relation: 'next', url: `${baseUrl}/status/${id}?page=${next}` }] : [];
  const time = new Date(Date.parse(transactionTime) + clockErrorMs[clock]).toISOString();
  return {
    transactionTime: oddity === 'future-time' ? '2099-01-01T00:00:00Z' : time,
    request: `${baseUrl}/$export`,
    requiresAccessToken,
    ...(oddity === 'no-output'
      ? {}
      : { output: oddity === 'output-object' ? { 0: listOf('output') } : listOf('output') }),
    ...(plan.deletions === 'none-listed' ? {} : { deleted: listOf('deleted') }),
    error: listOf('error'),
    link: oddity === 'link-object' ? { relation: 'next', url: '/none' } : link,
  };
}

function manifestEntries(running: HostileExport, baseUrl: string) {
  const { plan, id, files, reads } = running;
  const { counts, typeNames, urls, rotations, oddity } = plan.manifest;
  const base = urls === 'relative' ? '' : baseUrl;
  const entries = [...files.values()].map(({ name, section, type, count }) => {
    const shownCount = { absent: undefined, right: count, low: count - 1, high: count + 1 }[counts];
    const typed = { right: type, 'lower-case': type?.toLowerCase(), absent: undefined }[typeNames];
    return {
      section,
      entry: {
        ...(section !== 'output' ? { type } : typed === undefined ? {} : { type: typed }),
        url: `${base}/files/${id}/${name}${urls === 'signed' ? `?signature=${reads}` : ''}`,
        ...(shownCount === undefined || shownCount < 0 ? {} : { count: shownCount }),
      } as object,
    };
  });
  const first = entries.find(({ section }) => section === 'output');
  if (oddity === 'bad-entry' && first) first.entry = { ...first.entry, url: undefined };
  const offset = entries.length === 0 ? 0 : (rotations[reads - 1] ?? 0) % entries.length;
  return [...entries.slice(offset), ...entries.slice(0, offset)];
}

export function answerFile(options: {
  readonly running: HostileExport;
  readonly name: string;
  readonly request: ReceivedRequest;
  readonly now: () => number;
}): Route {
  const { running, name, request, now } = options;
  const file = running.files.get(name);
  if (!file) return { status: 404 };
  if (file.status !== undefined) return { status: file.status };
  const { urls, requiresAccessToken } = running.plan.manifest;
  const hasToken = request.headers.authorization !== undefined;
  // Stores of signed links reject a token (FHIR Bulk Data, "Response - Complete Status", `requiresAccessToken`).
  if (hasToken !== requiresAccessToken) return { status: requiresAccessToken ? 401 : 400 };
  // A signature is valid only for the last manifest that was read.
  if (urls === 'signed' && request.query.get('signature') !== String(running.reads)) return { status: 403 };
  const requestNumber = running.requestCounts.get(name) ?? 0;
  running.requestCounts.set(name, requestNumber + 1);
  const failure = running.plan.files.failures[requestNumber];
  if (failure?.kind === 'redirect') return { status: 307, headers: { location: request.url } };
  if (failure?.kind === 'status') return refuse(failure, now);
  if (failure?.kind === 'web-page') return webPage;
  return contentOf({ file, plan: running.plan.files, request, failure });
}

function contentOf(options: {
  readonly file: HostileFile;
  readonly plan: ExportPlan['files'];
  readonly request: ReceivedRequest;
  readonly failure: FileFailure | undefined;
}): Route {
  const { file, plan, request, failure } = options;
  const { content } = file;
  const etag = `"${file.name}"`;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const isRange = range !== null && plan.ranges !== 'ignored' && start < content.length;
  const end = plan.ranges === 'shortened' ? Math.max(start, content.length - 2) : content.length - 1;
  const part = isRange ? content.subarray(start, end + 1) : content;
  const body = isRange ? part : encode(plan.coding, part);
  const shownEtag = isRange && plan.ranges === 'other-etag' ? '"another"' : etag;
  const headers: Record<string, string> = {
    ...(plan.contentType === 'none' ? {} : { 'content-type': plan.contentType }),
    ...(plan.ranges === 'no-etag' ? {} : { etag: shownEtag }),
    ...(isRange ? { 'content-range': `bytes ${start}-${end}/${content.length}` } : codingHeader(plan.coding)),
    ...(plan.framing === 'length' ? { 'content-length': String(body.length) } : {}),
  };
  const status = isRange ? 206 : 200;
  if (failure?.kind !== 'cut') return { status, headers, body };
  const sentPart = body.subarray(0, Math.floor((body.length * failure.percent) / 100));
  return cut({ status, headers }, sentPart.length > 0 ? sentPart : ' ');
}
