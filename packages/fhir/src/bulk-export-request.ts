/** FHIR Bulk Data export levels: https://hl7.org/fhir/uv/bulkdata/export.html#endpoints. */
export const exportTypes = ['Patient', 'Group', 'System'] as const;
export type ExportType = (typeof exportTypes)[number];

export interface BulkExportRequest {
  /** `Patient` means every patient that the connection sees; see `kick-off` for the level that it becomes. */
  readonly exportType: ExportType;
  /** Empty: every type that the server exports. */
  readonly resourceTypes: readonly string[];
  /** FHIR instant; only what changed after it. */
  readonly since?: string;
  /** `since` is where the last export of these types got. */
  readonly sinceLast?: boolean;
  /** FHIR searches such as `Observation?category=laboratory`, one resource type each (`_typeFilter`). */
  readonly typeFilters?: readonly string[];
}
