/** A FHIR R4 resource as parsed from a line: JSON, with numbers that a double would change kept as `ExactNumber`. */
export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta?: ResourceMeta;
  readonly [element: string]: unknown;
}

export interface ResourceMeta {
  readonly versionId?: string;
  /** A FHIR instant. */
  readonly lastUpdated?: string;
  readonly tag?: readonly { readonly system?: string; readonly code?: string }[];
}
