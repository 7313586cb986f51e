import type { LedgerSample } from '../export/export-watch.ts';
import type { SeenRequest } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

/**
 * A client that read this much has stored a batch (125 resources or 1 MB, two of them in flight) and can resume; less may
 * be in its sockets still. Compressed bytes, so this errs on the client's side.
 */
const certainlyStoredBytes = 3_000_000;

/**
 * No file is downloaded from its start again without need: not after so much was sent that a part of it must be stored,
 * and not by an attempt that found in the ledger where to resume.
 */
export function judgeDownloads({
  requests,
  samples,
}: {
  readonly requests: readonly SeenRequest[];
  readonly samples: readonly LedgerSample[];
}): Finding[] {
  const served = requests.filter(
    ({ method, path, status = 200 }) => method === 'GET' && path.includes('/bulkdata/') && status < 400,
  );
  const findings: Finding[] = [];
  for (const [path, gets] of Map.groupBy(served, (request) => request.path)) {
    const ofFile = samples.filter((sample) => sample.path === path);
    for (const [index, get] of gets.entries()) {
      const reason = index === 0 ? undefined : reasonAgainst({ get, earlier: gets.slice(0, index), samples: ofFile });
      if (reason !== undefined)
        findings.push({ verdict: 'duplicated', count: 1, text: `${path} was downloaded again, ${reason}` });
    }
  }
  return findings;
}

function reasonAgainst({
  get,
  earlier,
  samples,
}: {
  readonly get: SeenRequest;
  readonly earlier: readonly SeenRequest[];
  readonly samples: readonly LedgerSample[];
}): string | undefined {
  if (get.headers.range !== undefined) return undefined;
  const sent = Math.max(...earlier.filter(hasEndedBefore(get)).map(({ bytesSent = 0 }) => bytesSent));
  if (sent > certainlyStoredBytes) return `though ${sent} bytes of it had been sent`;
  const foundBytes = resumePoint(samples.filter(({ atMs }) => atMs < get.arrivedAtMs));
  if (foundBytes > 0) return `though the ledger had ${foundBytes} bytes of it`;
  return undefined;
}

/**
 * Where the last attempt could have begun: what stood in the ledger when it claimed the file. Nothing of an attempt that
 * another overtook (two do the same job): its request may come late, it found nothing to resume from, and its first batch
 * is refused. A file that is completed by now was overtaken in any case, since nobody can claim it any more.
 */
function resumePoint(samples: readonly LedgerSample[]): number {
  const last = samples.at(-1);
  if (last?.state !== 'downloading') return 0;
  return samples.find(({ attempts }) => attempts === last.attempts)?.resumableBytes ?? 0;
}

function hasEndedBefore({ arrivedAtMs }: SeenRequest) {
  return (other: SeenRequest): boolean =>
    other.arrivedAtMs + (other.durationMs ?? Number.POSITIVE_INFINITY) < arrivedAtMs;
}
