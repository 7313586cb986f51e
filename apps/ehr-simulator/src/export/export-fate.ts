export const exportEnds = ['completes', 'fails', 'never-ends', 'forgotten', 'gone'] as const;

/** An export that does not go by the clock: it is in progress for so many status requests, and then this. */
export interface ExportFate {
  readonly polls: number;
  readonly end: (typeof exportEnds)[number];
}
