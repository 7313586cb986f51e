/** One version of a resource as it is served. */
export interface StoredResource {
  readonly id: string;
  readonly versionId: number;
  readonly lastUpdatedMs: number;
  /** JSON on one line, without a newline. It is text because numbers must reach the client digit for digit. */
  readonly text: string;
}

export interface BatchesInput {
  readonly type: string;
  /** Skips the batches before this one. */
  readonly fromBatch?: number;
  /** Omits resources that are not newer than this, in ms since the epoch. */
  readonly sinceMs?: number | undefined;
}

export interface ResourceBatch {
  readonly index: number;
  readonly resources: readonly StoredResource[];
}

/**
 * The original record of a practice. It never changes and has a fixed order, so that batch and position identify a
 * place in it. Batches are small, and only one is held in memory at a time.
 */
export interface PracticeSource {
  readonly types: readonly string[];
  batches(input: BatchesInput): AsyncIterable<ResourceBatch>;
  read(key: { readonly type: string; readonly id: string }): Promise<StoredResource | undefined>;
  /** Returns all resources of a type that may belong to a patient. The caller checks them. */
  ofPatient(input: { readonly type: string; readonly patientId: string }): Promise<readonly StoredResource[]>;
}
