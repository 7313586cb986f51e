/** A run that has ended, and the content of its webhook. */
export interface EndedRun {
  readonly id: string;
  readonly version: number;
  readonly connectionId: string;
  /** The address of the request, besides that of the connection. */
  readonly callbackUrl?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly error?: { readonly code: string } | undefined;
  readonly completedAt?: Date | undefined;
  readonly type: string;
  /** Ids and counts only, never patient data. */
  readonly data: object;
}

/** The runs of a feature that end with a webhook. */
export interface EndedRuns {
  readonly kind: 'bulk-export' | 'sync-run';
  /** @returns undefined if no webhook is due */
  find(id: string): Promise<EndedRun | undefined>;
  markNotified(run: EndedRun): Promise<void>;
}
