import type { GeneratedType } from './generated-type.ts';
import { allergyIntoleranceTemplate } from './templates/allergy-intolerance.template.ts';
import { appointmentTemplate } from './templates/appointment.template.ts';
import { carePlanTemplate } from './templates/care-plan.template.ts';
import { conditionTemplate } from './templates/condition.template.ts';
import { diagnosticReportTemplate } from './templates/diagnostic-report.template.ts';
import { documentReferenceTemplate } from './templates/document-reference.template.ts';
import { encounterTemplate } from './templates/encounter.template.ts';
import { immunizationTemplate } from './templates/immunization.template.ts';
import { locationTemplate } from './templates/location.template.ts';
import { medicationRequestTemplate } from './templates/medication-request.template.ts';
import { observationTemplate } from './templates/observation.template.ts';
import { organizationTemplate } from './templates/organization.template.ts';
import { patientTemplate } from './templates/patient.template.ts';
import { practitionerTemplate } from './templates/practitioner.template.ts';
import { procedureTemplate } from './templates/procedure.template.ts';

/** The integration guide's twelve types, and the three that they refer to. */
export const generatedTypes: readonly GeneratedType[] = [
  patientTemplate,
  observationTemplate,
  conditionTemplate,
  medicationRequestTemplate,
  allergyIntoleranceTemplate,
  immunizationTemplate,
  procedureTemplate,
  diagnosticReportTemplate,
  carePlanTemplate,
  encounterTemplate,
  appointmentTemplate,
  documentReferenceTemplate,
  organizationTemplate,
  practitionerTemplate,
  locationTemplate,
];
