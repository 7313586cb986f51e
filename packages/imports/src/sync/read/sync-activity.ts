import { countSchema, type View, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import {
  describePause,
  type RequestPause,
  type RunActivity,
  runActivitySchema,
  secondsLeft,
  toUsualSeconds,
} from '../../runs/run-view.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { isSyncActive } from '../sync-run-phase.ts';
import type { StepRetry, SyncTypeCount } from '../sync-step.record.ts';

export const syncProgressSchema = z
  .strictObject({
    searches: countSchema.meta({ description: 'All searches of the run.' }),
    done: countSchema.meta({ description: 'Those that have ended, also those that failed.' }),
    perMinute: z
      .number()
      .exactOptional()
      .meta({ description: 'Searches that ended in a minute, on average over the last five minutes.' }),
    leftSeconds: z
      .int()
      .exactOptional()
      .meta({ description: 'The time left at that rate. Absent while nothing ends, because a guess would mislead.' }),
  })
  .meta({ id: 'SyncProgress', description: 'How far a running sync is.' });
type SyncProgress = View<typeof syncProgressSchema>;

/** Long enough for steps of many pages, short enough to follow a change of the rate. */
export const rateWindowMs = 5 * 60_000;

/** What the record and the counts of a running sync do not say about its progress. */
export interface SyncProgressContext {
  /** See `usualSeconds`. */
  readonly usualMs?: number | undefined;
  /** The searches of the steps that have ended since the window of the rate began. */
  readonly recentlyDone: number;
  readonly now: Date;
  /** The newest reason why a search waits, if no page was read since or lately. */
  readonly waiting?: StepRetry | undefined;
  /** The pause of the connection's request budget. */
  readonly pause?: RequestPause | undefined;
}

export interface SyncState {
  readonly run: SyncRun;
  readonly counts: readonly SyncTypeCount[];
  /** Absent if the run has ended. */
  readonly context?: SyncProgressContext | undefined;
}

/** @returns undefined if the sync has ended or is not planned yet */
export function syncProgress({ run, counts, context }: SyncState): SyncProgress | undefined {
  if (run.phase !== 'running' || !context) return undefined;
  const { searches, done } = sumSearches(counts);
  const { recentlyDone, now } = context;
  const perMs = rateOf({ run, recentlyDone, now });
  return viewOf(syncProgressSchema, {
    searches,
    done,
    perMinute: perMs > 0 ? Math.round(perMs * 600_000) / 10 : undefined,
    leftSeconds: syncSecondsLeft({ run, counts, context }),
  });
}

/** The searches that end in a millisecond, over the last minutes. */
function rateOf({
  run,
  recentlyDone,
  now,
}: { readonly run: SyncRun } & Pick<SyncProgressContext, 'recentlyDone' | 'now'>): number {
  const startedMs = run.startedAt?.getTime() ?? now.getTime();
  const windowMs = Math.min(rateWindowMs, now.getTime() - startedMs);
  return windowMs > 0 ? recentlyDone / windowMs : 0;
}

function syncSecondsLeft({ run, counts, context }: SyncState): number | undefined {
  if (!context || context.pause) return undefined;
  const { now, recentlyDone, usualMs } = context;
  const { searches: total, done } = sumSearches(counts);
  const tookMs = now.getTime() - run.createdAt.getTime();
  return secondsLeft({ work: { done, total, rate: rateOf({ run, recentlyDone, now }) }, tookMs, usualMs });
}

/** Answers why a sync is not further. @returns undefined if it has ended */
export function syncActivity(state: SyncState): RunActivity | undefined {
  const { run, counts, context } = state;
  if (!isSyncActive(run)) return undefined;
  const { waiting, usualMs, pause } = context ?? {};
  const { searches, done } = sumSearches(counts);
  const searching = `Searching: ${done} of ${searches} searches are done.`;
  const message = run.phase === 'queued' ? 'Waiting for a worker to plan the searches.' : searching;
  const reason = pause ? describePause(pause) : waiting?.message;
  return viewOf(runActivitySchema, {
    message: reason === undefined ? message : `${message} ${reason}`,
    until: pause?.until ?? waiting?.nextAttemptAt,
    usualSeconds: toUsualSeconds(usualMs),
    leftSeconds: syncSecondsLeft(state),
  });
}

function sumSearches(counts: readonly SyncTypeCount[]): { readonly searches: number; readonly done: number } {
  const sum = (of: (count: SyncTypeCount) => number) => counts.reduce((total, count) => total + of(count), 0);
  return {
    searches: sum(({ searches }) => searches),
    done: sum(({ completed, incomplete, failed }) => completed + incomplete + failed),
  };
}
