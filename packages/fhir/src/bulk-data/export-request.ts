import { r4ResourceTypes } from '../resources/resource.ts';
import { scopeCovers } from './scopes.ts';

/** FHIR Bulk Data export levels: https://hl7.org/fhir/uv/bulkdata/export.html#endpoints. */
export const exportTypes = ['Patient', 'Group', 'System'] as const;
export type ExportType = (typeof exportTypes)[number];

export interface BulkExportRequest {
  /** `Patient` means every patient that the connection can see. `kick-off` converts it to the level that the server supports. */
  readonly exportType: ExportType;
  /** Empty means every type that the server exports. */
  readonly resourceTypes: readonly string[];
  /** A FHIR instant. The export contains only changes after it. */
  readonly since?: string;
  /** `since` continues from the last export of these types. */
  readonly sinceLast?: boolean;
  /** FHIR searches such as `Observation?category=laboratory`, one resource type each (`_typeFilter`). */
  readonly typeFilters?: readonly string[];
  /** Whether a server that refuses `_typeFilter` may export everything of the types. */
  readonly allowUnfiltered?: boolean;
  /** Ids of the patients to export (`patient`). Default: all. */
  readonly patients?: readonly string[];
  /** The name of the list that has these patients, instead of `patients`. */
  readonly cohort?: string;
  /** A FHIR instant. The export contains nothing that was changed later (`_until`). */
  readonly until?: string;
  /** The elements of resources to export (`_elements`), such as `id` or `Patient.name`. Default: all. */
  readonly elements?: readonly string[];
  /** The type of resource by which files are organized (`organizeOutputBy`), such as `Patient`. */
  readonly organizeOutputBy?: string;
}

/** Whether a request leaves out something of its types, apart from what `since` leaves out. Such an export does not prove that anything is complete. */
export function isNarrowed(
  request: {
    readonly [Name in 'typeFilters' | 'patients' | 'cohort' | 'until' | 'elements']?:
      | BulkExportRequest[Name]
      | undefined;
  },
): boolean {
  const { typeFilters = [], patients = [], cohort, until, elements = [] } = request;
  return (
    cohort !== undefined || until !== undefined || [typeFilters, patients, elements].some((list) => list.length > 0)
  );
}

/** What is known about the types that an export of every type can contain. What is absent is unknown, and limits nothing. See `coverageSchema`. */
interface Coverage {
  readonly scope?: string;
  readonly offered?: readonly string[];
  readonly types?: readonly string[];
}

/** Whether an export of every type with this coverage could contain a type: it was requested, and the scope covers it. */
export function coversType({ scope, types }: Coverage, resourceType: string): boolean {
  return isAmong(types, resourceType) && (scope === undefined || scopeCovers({ scope, resourceType }));
}

function isAmong(types: readonly string[] | undefined, resourceType: string): boolean {
  return types === undefined || types.includes(resourceType);
}

/** Whether nothing was granted or offered since an export with `coverage`, so that a kick-off of every type means the same today. */
export function coversAllOf(coverage: Coverage, today: Coverage): boolean {
  const mayHave = ({ types: _, offered, ...granted }: Coverage, type: string) =>
    isAmong(offered, type) && coversType(granted, type);
  return r4ResourceTypes.every((type) => mayHave(coverage, type) || !mayHave(today, type));
}
