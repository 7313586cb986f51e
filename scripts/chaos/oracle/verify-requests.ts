import type { SeenRequest, Violation } from '@bulkhead/embedded/simulator-control';
import type { BulkExport } from '@bulkhead/imports/export';
import type { LedgerSample } from '../export/export-watch.ts';
import { type Finding, finding } from './finding.ts';

/** The time in which a fault was injected, on the same clock as the requests. */
export interface Disruption {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the last byte of an answer at the server to the fsync of the record: a few ms, or more on a busy machine. */
const storeMs = 300;
/** The possible difference between the clocks. */
const clockErrorMs = 5;

/**
 * Verifies that each export has one accepted kick-off. A repeat is unavoidable if the fault took the process while the
 * answer was on its way to the record: between the arrival of the kick-off at the server and the storing of the status
 * URL, only that process knows it.
 */
export function verifyKickOffs(options: {
  readonly requests: readonly SeenRequest[];
  /** The start time of each export of the round, in order. */
  readonly orderedAtMs: readonly number[];
  /**
   * The faults that take processes. Other faults leave a process alive that knows the status URL, so they are left out.
   */
  readonly disruptions: readonly Disruption[];
}): { readonly findings: readonly Finding[]; readonly unavoidable: number } {
  const { requests, orderedAtMs, disruptions } = options;
  const accepted = requests.filter(({ path, status = 202 }) => path.endsWith('/$export') && status < 400);
  let unavoidable = 0;
  let avoidable = 0;
  for (const [index, from] of orderedAtMs.entries()) {
    const to = orderedAtMs[index + 1] ?? Number.POSITIVE_INFINITY;
    const ofExport = accepted.filter(({ arrivedAtMs }) => arrivedAtMs >= from - clockErrorMs && arrivedAtMs < to);
    // Each kick-off except the last was followed by another one. Check whether its status URL was lost.
    for (const kickOff of ofExport.slice(0, -1)) {
      if (disruptions.some((disruption) => hits(disruption, kickOff))) unavoidable += 1;
      else avoidable += 1;
    }
  }
  const text = `${avoidable} kick-offs were repeated although no process was lost in between`;
  return { findings: avoidable > 0 ? [finding('duplicated', text, avoidable)] : [], unavoidable };
}

function hits({ fromMs, toMs }: Disruption, { arrivedAtMs, durationMs = 0 }: SeenRequest): boolean {
  return fromMs <= arrivedAtMs + durationMs + storeMs && toMs >= arrivedAtMs - clockErrorMs;
}

/** The error of an export that the API withdrew before it answered (503): the client knows that nothing runs. */
const withdrawn = 'unavailable';

/** Verifies that each POST leads to one export, even if the client repeats it because the API was killed. */
export function verifyOrders(
  seen: readonly Pick<BulkExport, 'id' | 'error'>[],
  followed: readonly string[],
): Finding[] {
  const strays = seen.filter(({ id, error }) => !followed.includes(id) && error?.code !== withdrawn);
  if (strays.length === 0) return [];
  const text = `${strays.map(({ id }) => id).join(', ')} ran in addition to the export that was started`;
  return [finding('duplicated', text, strays.length)];
}

/**
 * A client that read this much has stored a batch (125 resources or 1 MB, with two batches in flight) and can resume.
 * Less may still be in its sockets. The number counts compressed bytes, so it favours the client.
 */
const certainlyStoredBytes = 3_000_000;

/**
 * Verifies that no file is downloaded from its start again without need: not if so much was sent that a part of it must
 * be stored, and not by an attempt for which the ledger had a position to resume at.
 */
export function verifyDownloads(requests: readonly SeenRequest[], samples: readonly LedgerSample[]): Finding[] {
  const served = requests.filter(
    ({ method, path, status = 200 }) => method === 'GET' && path.includes('/bulkdata/') && status < 400,
  );
  const findings: Finding[] = [];
  for (const [path, gets] of Map.groupBy(served, (request) => request.path)) {
    const ofFile = samples.filter((sample) => sample.path === path);
    for (const [index, get] of gets.entries()) {
      const reason = index === 0 ? undefined : reasonAgainst({ get, earlier: gets.slice(0, index), samples: ofFile });
      if (reason !== undefined) findings.push(finding('duplicated', `${path} was downloaded again, ${reason}`));
    }
  }
  return findings;
}

function reasonAgainst(options: {
  readonly get: SeenRequest;
  readonly earlier: readonly SeenRequest[];
  readonly samples: readonly LedgerSample[];
}): string | undefined {
  const { get, earlier, samples } = options;
  if (get.headers.range !== undefined) return undefined;
  const sentBytes = Math.max(...earlier.filter(hasEndedBefore(get)).map(({ bytesSent = 0 }) => bytesSent));
  if (sentBytes > certainlyStoredBytes) return `although ${sentBytes} bytes of it had been sent`;
  const foundBytes = resumePoint(samples.filter(({ atMs }) => atMs < get.arrivedAtMs));
  if (foundBytes > 0) return `although the ledger had ${foundBytes} bytes of it`;
  return undefined;
}

/**
 * Returns the byte at which the last attempt could have started: the ledger's position when the attempt claimed the
 * file. An overtaken attempt counts as 0 (two workers do the same job): its request may arrive late, it found no
 * position, and its first batch is rejected. If the file is completed by now, its attempt was overtaken in any case,
 * since a completed file cannot be claimed.
 */
function resumePoint(samples: readonly LedgerSample[]): number {
  const last = samples.at(-1);
  if (last?.state !== 'downloading') return 0;
  return samples.find(({ attempts }) => attempts === last.attempts)?.resumableBytes ?? 0;
}

function hasEndedBefore({ arrivedAtMs }: SeenRequest) {
  return (request: SeenRequest): boolean =>
    request.arrivedAtMs + (request.durationMs ?? Number.POSITIVE_INFINITY) < arrivedAtMs;
}

/** The fault that makes the simulator forget its tokens before they expire. */
const expireTokens = 'expire-tokens';
/** The simulator's reason for requests that were sent before the client could know that. */
const expiredToken = 'expired access token';

/** Verifies that no rule of the EHR is broken. */
export function verifyViolations(
  violations: readonly Violation[],
  /** The kinds of faults that the simulator had to inject. */
  faults: readonly string[],
): Finding[] {
  const isExcused = ({ reason }: Violation) => reason === expiredToken && faults.includes(expireTokens);
  const counted = violations.filter((violation) => !isExcused(violation));
  if (counted.length === 0) return [];
  const reasons = [...new Set(counted.map(({ kind, reason }) => `${kind}: ${reason}`))];
  return [finding('violations', reasons.join(', '), counted.length)];
}
