import { r4ResourceTypes } from '../resources/resource.ts';
import { scopeCovers } from './scopes.ts';

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

/** What an export that names no types can bring: see `Coverage` in the domain. */
interface Coverage {
  readonly scope?: string;
  readonly offered?: readonly string[];
}

/** Whether an export of every type with this coverage could bring a type. What is not known limits nothing. */
export function coversType({ scope, offered = [] }: Coverage, resourceType: string): boolean {
  if (scope !== undefined && !scopeCovers({ scope, resourceType })) return false;
  return offered.length === 0 || offered.includes(resourceType);
}

/** Whether `coverage` brought all that an export of every type would bring with `today`: nothing was granted or offered since. */
export function coversAllOf(coverage: Coverage, today: Coverage): boolean {
  return r4ResourceTypes.every((type) => coversType(coverage, type) || !coversType(today, type));
}
