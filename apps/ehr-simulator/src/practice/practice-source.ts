/** One version of one resource as it is served. */
export interface StoredResource {
  readonly id: string;
  readonly versionId: number;
  readonly lastUpdatedMs: number;
  /** JSON on one line, without its newline. Text and not an object: numbers must reach the client digit for digit. */
  readonly text: string;
}

export interface BatchesInput {
  readonly type: string;
  /** Skip the batches before this one. */
  readonly fromBatch?: number;
  /** Leave out what is not newer than this, ms since the epoch. */
  readonly sinceMs?: number | undefined;
}

export interface ResourceBatch {
  readonly index: number;
  readonly resources: readonly StoredResource[];
}

/**
 * Where a practice's record comes from before anybody changed it. It never changes and comes in a fixed order, so a
 * place in it can be found again by batch and position; a batch is small, and no more than one is held at a time.
 */
export interface PracticeSource {
  readonly types: readonly string[];
  batches(input: BatchesInput): AsyncIterable<ResourceBatch>;
  read(key: { readonly type: string; readonly id: string }): Promise<StoredResource | undefined>;
  /** Everything of a type that may belong to a patient; the caller looks closer. */
  ofPatient(input: { readonly type: string; readonly patientId: string }): Promise<readonly StoredResource[]>;
}
