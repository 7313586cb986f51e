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

/** FHIR ids: https://hl7.org/fhir/R4/datatypes.html#id. Real servers exceed 64 characters, so 128 are allowed. */
const idPattern = /^[A-Za-z0-9\-._]{1,128}$/;

export function isResourceId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}
