import { setImmediate } from 'node:timers/promises';
import { throwUnavailable } from '@bulkhead/base';
import { nextRun } from '@bulkhead/base/cron';
import { dayAllowance, readDays } from '@bulkhead/ehr/rate-limiter';
import { type BulkExport, simulatePolls } from '@bulkhead/imports/export';
import type { UsualRun } from '@bulkhead/imports/runs';
import { type Schedule, type ScheduleStores, scheduleFault } from '@bulkhead/imports/schedules';
import type { SyncRun } from '@bulkhead/imports/sync';
import type { ConnectionScope } from '@bulkhead/store';
import type { RateBudgetService, SharedBudget } from '../../budgets/rate-budget.service.ts';
import { type NightPlan, type PlannedRun, planNight } from './plan-night.ts';

const hourMs = 60 * 60_000;
const plannedMs = 24 * hourMs;
/** A schedule that runs more often is counted as if it ran once an hour. */
const maxRuns = 24;
/** Of an export whose schedule has completed none: the only duration that an integrator of athenahealth has published, and 20 files. */
const assumedExport = { durationMs: 5.5 * hourMs, files: 20 };
/** The kick-off and the DELETE. */
const ownRequests = 2;

/** What the schedules of the next 24 hours ask of a budget. */
export interface BudgetPlan extends Pick<SharedBudget, 'provider' | 'environment' | 'connectionIds'>, NightPlan {
  readonly name: string;
  readonly runs: number;
  /** Exports whose duration and requests are assumed. */
  readonly assumedRuns: number;
  /** Syncs of which nothing is known, so that they are not counted. */
  readonly unknownRuns: number;
  /** What the runs may use of the limit of any 24 hours. */
  readonly allowance: number;
  /** The connection whose run usually ends last. */
  readonly lastConnectionId: string | undefined;
}

/** A schedule, and when it could run instead. */
export interface SpreadSchedule extends Pick<Schedule, 'id' | 'connectionId' | 'kind' | 'cron' | 'timeZone'> {
  /** How long its last run took. Undefined if that has not completed. */
  readonly usualMs: number | undefined;
  readonly proposedCron: string;
}

interface DueRun extends PlannedRun {
  readonly connectionId: string;
  readonly isAssumed: boolean;
}

/** Computes whether the budgets suffice for what is scheduled, from how long the last run of each schedule took and what it sent. */
export class PlanService {
  readonly #options;

  constructor(options: {
    readonly store: ScheduleStores;
    readonly rateBudgets: RateBudgetService;
    /** The Redis and the key prefix of the state of the rate limiter. */
    readonly reader: Omit<Parameters<typeof readDays>[0], 'budgets'>;
  }) {
    this.#options = options;
  }

  /** The plans of the budgets of the connections in scope, the latest end first. @throws AppError `unavailable` */
  async list(scope: ConnectionScope, now = new Date()): Promise<BudgetPlan[]> {
    const { store, rateBudgets, reader } = this.#options;
    const shared = (await rateBudgets.list(scope)).filter(({ isOfTokens }) => !isOfTokens);
    const schedules = await store.schedules.list({ scope, sort: 'next' });
    const runs = Map.groupBy(await this.#runsOf(schedules, now), ({ connectionId }) => connectionId);
    const budgets = shared.map(({ state }) => state.budget);
    const days = await readDays({ ...reader, budgets }).catch(throwUnavailable);
    const plans: BudgetPlan[] = [];
    for (const [index, budget] of shared.entries()) {
      await setImmediate();
      const own = budget.connectionIds.flatMap((id) => runs.get(id) ?? []);
      plans.push(planOf(budget, { runs: own, spent: days[index] ?? [], now: now.getTime() }));
    }
    const endOf = ({ endsAt = 0, lateMs }: BudgetPlan) => (lateMs === undefined ? Number.POSITIVE_INFINITY : endsAt);
    return plans.toSorted((one, other) => endOf(other) - endOf(one) || (one.name < other.name ? -1 : 1));
  }

  /**
   * Proposes times for the schedules in scope that run once a day and are not paused, so that all of them end before the end of a window and few
   * start together.
   */
  async spread({
    window,
    scope,
  }: {
    readonly window: Window;
    readonly scope: ConnectionScope;
  }): Promise<SpreadSchedule[]> {
    const schedules = (await this.#options.store.schedules.list({ scope, sort: 'next' })).filter(isDaily);
    const usual = await this.#usualOf(schedules);
    const known = schedules.map((schedule) => {
      const durationMs = usual.get(schedule.lastRun?.runId ?? '')?.durationMs;
      return { ...schedule, usualMs: durationMs, durationMs: durationMs ?? assumedExport.durationMs };
    });
    return spreadOver(known, window).map(({ startMinute, durationMs: _, ...schedule }) => ({
      ...schedule,
      proposedCron: `${startMinute % 60} ${Math.floor(startMinute / 60)} * * *`,
    }));
  }

  /** The runs that are due until a day from now, each schedule with what its last run took. */
  async #runsOf(schedules: readonly Schedule[], now: Date): Promise<(DueRun | UnknownRun)[]> {
    const usual = await this.#usualOf(schedules);
    const runs: (DueRun | UnknownRun)[] = [];
    for (const [index, schedule] of schedules.entries()) {
      // The times of a frequent schedule take two milliseconds.
      if (index % 10 === 0) await setImmediate();
      const known = usual.get(schedule.lastRun?.runId ?? '');
      const isAssumed = known === undefined;
      const cost = known ?? (schedule.kind === 'export' ? assumedCost() : undefined);
      const { connectionId } = schedule;
      for (const at of timesOf(schedule, now))
        runs.push(cost ? { connectionId, at, ...cost, isAssumed } : { connectionId });
    }
    return runs;
  }

  /** What the last runs took, by their ids. Without those that have not completed. */
  async #usualOf(schedules: readonly Schedule[]): Promise<ReadonlyMap<string, Cost>> {
    const { bulkExports, syncRuns } = this.#options.store;
    const idsOf = (kind: Schedule['kind']) =>
      schedules.flatMap((schedule) => (schedule.kind === kind ? (schedule.lastRun?.runId ?? []) : []));
    const [exports, syncs] = await Promise.all([
      bulkExports.listCompletedOf(idsOf('export')),
      syncRuns.listCompletedOf(idsOf('sync')),
    ]);
    return new Map([
      ...exports.map((record) => [record.id, usualOfExport(record)] as const),
      ...syncs.map((run) => [run.id, usualOfSync(run)] as const),
    ]);
  }
}

interface UnknownRun {
  readonly connectionId: string;
}

type Cost = Pick<PlannedRun, 'durationMs' | 'requests'>;

function planOf(
  { connectionIds, provider, environment, state }: SharedBudget,
  {
    runs: all,
    spent,
    now,
  }: {
    readonly runs: readonly (DueRun | UnknownRun)[];
    readonly spent: Parameters<typeof planNight>[0]['spent'];
    readonly now: number;
  },
): BudgetPlan {
  const { name, rateLimit } = state.budget;
  const runs = all.filter((run) => 'at' in run);
  const allowance = dayAllowance(rateLimit, 'crawl');
  const perMinute = (rateLimit.limit * 60_000) / rateLimit.windowMs;
  const endOf = ({ at, durationMs }: DueRun) => at + durationMs;
  return {
    name,
    provider,
    environment,
    connectionIds,
    runs: all.length,
    assumedRuns: runs.filter(({ isAssumed }) => isAssumed).length,
    unknownRuns: all.length - runs.length,
    allowance,
    lastConnectionId: runs.toSorted((one, other) => endOf(other) - endOf(one))[0]?.connectionId,
    ...planNight({ now, runs, spent, perMinute, perDay: allowance }),
  };
}

/** A run that is overdue starts now. */
function timesOf(schedule: Schedule, now: Date): number[] {
  if (scheduleFault(schedule) !== undefined) return [];
  const until = now.getTime() + plannedMs;
  const times: number[] = [];
  let at = new Date(Math.max(schedule.nextRunAt.getTime(), now.getTime()));
  for (; at.getTime() < until && times.length < maxRuns; at = nextRun(schedule, at)) times.push(at.getTime());
  return times;
}

function usualOfExport({ createdAt, completedAt, pollCount, manifestFiles = 0 }: UsualRun<BulkExport>): Cost {
  return { durationMs: tookMs(createdAt, completedAt), requests: ownRequests + pollCount + manifestFiles };
}

/** Each step is a search, or more if it has further pages. */
function usualOfSync({ createdAt, completedAt, stepCount = 0 }: UsualRun<SyncRun>): Cost {
  return { durationMs: tookMs(createdAt, completedAt), requests: stepCount };
}

function assumedCost(): Cost {
  const { durationMs, files } = assumedExport;
  return { durationMs, requests: ownRequests + simulatePolls({ durationMs }).polls + files };
}

function tookMs(from: Date, to: Date | undefined): number {
  return to ? to.getTime() - from.getTime() : 0;
}

/** Minutes after midnight. A window that ends before it begins ends on the next day. */
interface Window {
  readonly from: number;
  readonly until: number;
}

const dayMinutes = 24 * 60;
const minuteMs = 60_000;
/** Its multiples, without their whole parts, are spread evenly, however many there are. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** Whether a cron names one time of every day. */
export function isDaily({ cron }: { readonly cron: string }): boolean {
  return /^\d+ +\d+( +\*){3}$/.test(cron.trim());
}

/**
 * Spreads runs over a window by how long they take: each ends within it, those that take longer than it start with it, and runs of similar length
 * start evenly spread over the time that they leave.
 * @returns the runs, the longest first, with the minute of the day at which each starts
 */
export function spreadOver<Run extends { readonly id: string; readonly durationMs: number }>(
  runs: readonly Run[],
  { from, until }: Window,
): (Run & { readonly startMinute: number })[] {
  const windowMinutes = (until - from + dayMinutes) % dayMinutes || dayMinutes;
  const sorted = runs.toSorted((one, other) => other.durationMs - one.durationMs || (one.id < other.id ? -1 : 1));
  return sorted.map((run, index) => {
    const slack = Math.max(windowMinutes - Math.ceil(run.durationMs / minuteMs), 0);
    const offset = Math.floor(slack * ((index * goldenRatio) % 1));
    return { ...run, startMinute: (from + offset) % dayMinutes };
  });
}
