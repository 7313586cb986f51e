/** One version of one resource as it is served. */
export interface StoredResource {
  readonly id: string;
  readonly versionId: number;
  readonly lastUpdatedMs: number;
  /** JSON on one line, without its newline. Text and not an object: numbers must reach the client digit for digit. */
  readonly text: string;
}
