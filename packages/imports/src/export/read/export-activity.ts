import { viewOf } from '@bulkhead/store';
import {
  describePause,
  type RequestPause,
  type RunActivity,
  runActivitySchema,
  secondsLeft,
  toUsualSeconds,
} from '../../runs/run-view.ts';
import type { BulkExport, PollReason } from '../bulk-export.record.ts';
import { type BulkExportPhase, isTerminal } from '../bulk-export-phase.ts';
import { accountedLines } from '../output-file.record.ts';

/** What the log of an export says when it enters a phase. */
export const phaseMessages: Readonly<Record<BulkExportPhase, string>> = {
  queued: 'The export was requested.',
  'kicking-off': 'A worker sends the kick-off to the EHR.',
  exporting: 'The EHR has accepted the kick-off.',
  downloading: 'The EHR has sent the manifest. The downloads begin.',
  finalizing: 'All files are done.',
  completed: 'The export has completed.',
  failed: 'The export has failed.',
  cancelled: 'The export was cancelled.',
};

/** What the record of an export does not say about its progress. */
export interface ProgressContext {
  /** Default: now. */
  readonly now?: Date;
  /** See `usualSeconds`. */
  readonly usualMs?: number | undefined;
  /** Downloads of all exports that wait for their turn. */
  readonly waitingDownloads?: number | undefined;
  /** The pause of the connection's request budget. */
  readonly pause?: RequestPause | undefined;
}

/**
 * Answers why an export is not further.
 *
 * @param options.progress the EHR's progress, as this reader may see it
 * @returns undefined if the export has ended
 */
export function exportActivity(
  options: ProgressContext & { readonly record: BulkExport; readonly progress: string | undefined },
): RunActivity | undefined {
  const { record, usualMs, now = new Date() } = options;
  const { phase, retrying, notBefore } = record;
  if (isTerminal(phase)) return undefined;
  const isWaitingForEhr = phase === 'exporting';
  const nextAt = retrying?.nextAttemptAt ?? (isWaitingForEhr ? notBefore : undefined);
  const message = retrying?.message ?? describe(options);
  // A request that is due later is not delayed.
  const pause = phase !== 'finalizing' && options.pause && !(nextAt && nextAt > options.pause.until) && options.pause;
  const isStarted = phase !== 'queued' && phase !== 'kicking-off';
  return viewOf(runActivitySchema, {
    message: pause ? `${isStarted ? `${message} ` : ''}${describePause(pause)}` : message,
    until: pause ? pause.until : nextAt,
    usualSeconds: toUsualSeconds(usualMs),
    leftSeconds: pause ? undefined : exportSecondsLeft({ record, usualMs, now }),
  });
}

/** The resources that the manifest promises are stored at the rate since the downloads began. */
function exportSecondsLeft(options: {
  readonly record: BulkExport;
  readonly usualMs: number | undefined;
  readonly now: Date;
}): number | undefined {
  const { record, usualMs, now } = options;
  const { phase, timeline = [], counts, createdAt, retriedAt } = record;
  const tookMs = now.getTime() - createdAt.getTime();
  // What an earlier attempt has stored would count for the rate.
  if (retriedAt !== undefined) return undefined;
  if (phase !== 'downloading') return secondsLeft({ tookMs, usualMs });
  const since = timeline.findLast((step) => step.phase === phase)?.at ?? createdAt;
  const done = accountedLines(counts);
  return secondsLeft({
    work: { done, total: counts.promised, rate: done / Math.max(now.getTime() - since.getTime(), 1) },
    tookMs,
    usualMs,
  });
}

/** An EHR that works answers sooner. */
const slowKickOffSeconds = 10;

/** Says that the EHR has not answered, in steps of ten seconds, so that a stream of the export has few events. */
function describeKickOff({ timeline = [], createdAt, phase }: BulkExport, now: Date): string {
  const since = timeline.findLast((step) => step.phase === phase)?.at ?? createdAt;
  const seconds = Math.floor((now.getTime() - since.getTime()) / 1000 / slowKickOffSeconds) * slowKickOffSeconds;
  if (seconds < slowKickOffSeconds) return phaseMessages['kicking-off'];
  return `The EHR has not answered the kick-off for ${seconds} seconds. It is sent again if the EHR does not answer. If this continues, test the connection, and see the status page of the EHR.`;
}

/** Since when the EHR reports the same, if that was more than one status request ago. */
function describeSince({ progressedAt, pollCount }: BulkExport): string {
  if (!progressedAt || pollCount < 2) return '';
  return `, unchanged since ${progressedAt.toISOString().slice(0, 19)}Z`;
}

/** Says why the next status request is later than the poll interval. */
function describePoll({ pollReason = 'interval' }: BulkExport): string {
  const reasons: Readonly<Record<PollReason, string>> = {
    interval: '',
    age: ' Status requests become rarer the longer the EHR takes.',
    usual: ' Status requests are rare for now, because earlier exports of this connection took longer.',
    'retry-after': ' The EHR set the time of the next request.',
  };
  return reasons[pollReason];
}

function describe(options: ProgressContext & { readonly record: BulkExport; readonly progress: string | undefined }) {
  const { record, progress, waitingDownloads = 0, now = new Date() } = options;
  const { phase, pollCount, counts } = record;
  switch (phase) {
    case 'queued':
      return 'Waiting for a worker to send the kick-off.';
    case 'kicking-off':
      return describeKickOff(record, now);
    case 'exporting': {
      if (pollCount === 0) return phaseMessages[phase];
      const answer = progress === undefined ? 'that it is not ready' : `"${progress}"`;
      const requests = `${pollCount} status ${pollCount === 1 ? 'request' : 'requests'}`;
      return `Waiting for the EHR. After ${requests} it says ${answer}${describeSince(record)}.${describePoll(record)}`;
    }
    case 'downloading': {
      const settled = counts.filesCompleted + counts.filesFailed + counts.filesSkipped;
      const others = waitingDownloads > 0 ? ` ${waitingDownloads} downloads of all exports wait for their turn.` : '';
      return `Downloading: ${settled} of ${counts.files} files are done.${others}`;
    }
    default:
      return 'All files are done. The counts are compared with the manifest.';
  }
}
