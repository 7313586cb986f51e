import type { LedgerSample } from '../export/export-watch.ts';
import type { SeenRequest } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

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
      if (reason !== undefined)
        findings.push({ verdict: 'duplicated', count: 1, text: `${path} was downloaded again, ${reason}` });
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
