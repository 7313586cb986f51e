import { attachment, coding, concept, period, reference } from './data-types.ts';
import { fields, list, text } from './shapes.ts';

/** https://hl7.org/fhir/R4/documentreference.html */
export const documentReferenceSummary = fields({
  status: text,
  docStatus: text,
  type: concept,
  category: list(concept),
  date: text,
  description: text,
  content: list(fields({ attachment, format: coding })),
  context: fields({ period, encounter: list(reference), facilityType: concept, practiceSetting: concept }),
  author: list(reference),
});
