/** What of the resources' documents is fetched. */
export interface DocumentSettings {
  readonly enabled: boolean;
  /** A larger one is left out. */
  readonly maxBytes: number;
  /** Whether audio and video are fetched. */
  readonly withMedia: boolean;
  /** How much of a download is stored, and lost with a worker, at a time. */
  readonly partBytes: number;
}
