import { attachment, concept, period, reference } from './data-types.ts';
import { fields, list, text } from './shapes.ts';

/** https://hl7.org/fhir/R4/diagnosticreport.html */
export const diagnosticReportSummary = fields({
  status: text,
  category: list(concept),
  code: concept,
  effectiveDateTime: text,
  effectivePeriod: period,
  issued: text,
  conclusion: text,
  conclusionCode: list(concept),
  presentedForm: list(attachment),
  performer: list(reference),
});
