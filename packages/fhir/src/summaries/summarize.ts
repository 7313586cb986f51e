import type { enhancedResourceTypes, Resource } from '../resources/resource.ts';
import type { ObjectShape } from './shapes.ts';
import {
  appointmentSummary,
  carePlanSummary,
  diagnosticReportSummary,
  documentReferenceSummary,
  encounterSummary,
} from './summaries.ts';

/** The fields that the guide lists for an enhanced type, with FHIR's names. */
export interface ResourceSummary {
  /** The resource contains more than the summary keeps. */
  readonly isCut?: true;
  readonly [element: string]: unknown;
}

/**
 * The characters and values of a summary, see `valueUnits`. This is about a hundred times Synthea's largest summary. In BSON, with
 * at most four bytes per unit, it is half of `maxSummaryBytes`.
 */
const budgetUnits = 128 * 1024;

/** The limit for a summary as BSON. It is a sixteenth of the document limit, so there is enough room for the other fields. */
export const maxSummaryBytes = 1024 * 1024;

const summaries: Readonly<Record<(typeof enhancedResourceTypes)[number], ObjectShape>> = {
  DiagnosticReport: diagnosticReportSummary,
  CarePlan: carePlanSummary,
  Encounter: encounterSummary,
  Appointment: appointmentSummary,
  DocumentReference: documentReferenceSummary,
};

/** The top-level elements that `summarize` reads in resources of a type. Empty if the type has no summary. */
export function summarizedElementsOf(resourceType: string): readonly string[] {
  return hasSummary(resourceType) ? summaries[resourceType].elements : [];
}

function hasSummary(resourceType: string): resourceType is keyof typeof summaries {
  return Object.hasOwn(summaries, resourceType);
}

/**
 * The searchable parts of a resource of one of the five enhanced types. It never throws. Elements of a wrong shape are left out.
 * @returns undefined for other types and if nothing is readable
 */
export function summarize(resource: Resource): ResourceSummary | undefined {
  const { resourceType } = resource;
  if (!hasSummary(resourceType)) return undefined;
  const budget = { units: budgetUnits, isCut: false };
  const summary = summaries[resourceType](resource, budget) as ResourceSummary | undefined;
  return budget.isCut ? { ...summary, isCut: true } : summary;
}
