import type { ExportType } from '@bulkhead/fhir';

import type { ScheduleKind } from '@bulkhead/providers';

/** The fields of the request that each run makes; which ones depends on the kind. */
export interface ScheduleRequest {
  readonly exportType?: ExportType;
  readonly includeStandard?: boolean;
  readonly includeEnhanced?: boolean;
  readonly resourceTypes?: readonly string[];
}

export interface ScheduleRun {
  readonly at: Date;
  readonly outcome: 'started' | 'skipped-overlap' | 'failed';
  /** The run that was started, or the one because of which none was. */
  readonly runId?: string;
  /** An error's code. */
  readonly reason?: string;
}

/** Runs of one connection that come again by a cron. */
export interface Schedule {
  readonly id: string;
  readonly connectionId: string;
  readonly provider: string;
  readonly kind: ScheduleKind;
  readonly request: ScheduleRequest;
  /** Five fields, of wall-clock times in `timeZone`. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** How much later than the cron says; 0: at the minute. See `spreadOf`. */
  readonly spreadMs: number;
  readonly paused: boolean;
  /** Raised by every change and claim: the guard of a conditional update. */
  readonly version: number;
  readonly nextRunAt: Date;
  /** A run that is claimed and perhaps not stored yet; whoever finds it goes on with this id. */
  readonly starting?: { readonly runId: string; readonly at: Date };
  readonly lastRun?: ScheduleRun;
  readonly createdAt: Date;
}
