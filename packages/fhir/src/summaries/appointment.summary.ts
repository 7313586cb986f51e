import { annotation, concept, reference } from './data-types.ts';
import { fields, list, number, text } from './shapes.ts';

/** https://hl7.org/fhir/R4/appointment.html; R4 has one `comment`, servers ahead of it send `note`. */
export const appointmentSummary = fields({
  status: text,
  cancelationReason: concept,
  appointmentType: concept,
  serviceType: list(concept),
  start: text,
  end: text,
  minutesDuration: number,
  reasonCode: list(concept),
  reasonReference: list(reference),
  description: text,
  comment: text,
  patientInstruction: text,
  note: list(annotation),
});
