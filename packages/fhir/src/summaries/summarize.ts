import type { enhancedResourceTypes, Resource } from '../resources/resource.ts';
import type { Shape } from './shapes.ts';
import {
  appointmentSummary,
  carePlanSummary,
  diagnosticReportSummary,
  documentReferenceSummary,
  encounterSummary,
} from './summaries.ts';

/** The fields that the guide lists for an enhanced type, under FHIR's names. */
export interface ResourceSummary {
  /** The resource holds more than a summary keeps. */
  readonly isCut?: true;
  readonly [element: string]: unknown;
}

/**
 * Characters and values that one summary takes, see `valueUnits`: some hundred times Synthea's largest, and in BSON, at four
 * bytes a unit at most, half of `maxSummaryBytes`.
 */
const budgetUnits = 128 * 1024;

/** No summary is larger as BSON. A sixteenth of a document: what is stored beside it hardly notices. */
export const maxSummaryBytes = 1024 * 1024;

const summaries: Readonly<Record<(typeof enhancedResourceTypes)[number], Shape>> = {
  DiagnosticReport: diagnosticReportSummary,
  CarePlan: carePlanSummary,
  Encounter: encounterSummary,
  Appointment: appointmentSummary,
  DocumentReference: documentReferenceSummary,
};

/**
 * What is searched in a resource of the five enhanced types; undefined for other types and where nothing is readable. It
 * never throws: an element of the wrong shape is left out.
 */
export function summarize(resource: Resource): ResourceSummary | undefined {
  const { resourceType } = resource;
  if (!Object.hasOwn(summaries, resourceType)) return undefined;
  const budget = { units: budgetUnits, isCut: false };
  const summary = summaries[resourceType as keyof typeof summaries](resource, budget) as ResourceSummary | undefined;
  return budget.isCut ? { ...summary, isCut: true } : summary;
}
