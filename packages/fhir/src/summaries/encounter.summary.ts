import { coding, concept, identifier, period, quantity, reference } from './data-types.ts';
import { fields, list, number, text } from './shapes.ts';

/** https://hl7.org/fhir/R4/encounter.html */
export const encounterSummary = fields({
  status: text,
  class: coding,
  type: list(concept),
  serviceType: concept,
  priority: concept,
  period,
  length: quantity,
  reasonCode: list(concept),
  reasonReference: list(reference),
  diagnosis: list(fields({ condition: reference, use: concept, rank: number })),
  hospitalization: fields({
    preAdmissionIdentifier: identifier,
    origin: reference,
    admitSource: concept,
    reAdmission: concept,
    dietPreference: list(concept),
    specialCourtesy: list(concept),
    specialArrangement: list(concept),
    destination: reference,
    dischargeDisposition: concept,
  }),
});
