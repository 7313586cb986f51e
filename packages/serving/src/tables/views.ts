import allergy from './views/allergy.json' with { type: 'json' };
import appointment from './views/appointment.json' with { type: 'json' };
import carePlan from './views/care_plan.json' with { type: 'json' };
import carePlanActivity from './views/care_plan_activity.json' with { type: 'json' };
import careTeam from './views/care_team.json' with { type: 'json' };
import claim from './views/claim.json' with { type: 'json' };
import condition from './views/condition.json' with { type: 'json' };
import coverage from './views/coverage.json' with { type: 'json' };
import device from './views/device.json' with { type: 'json' };
import diagnosticReport from './views/diagnostic_report.json' with { type: 'json' };
import documentReference from './views/document_reference.json' with { type: 'json' };
import encounter from './views/encounter.json' with { type: 'json' };
import encounterDiagnosis from './views/encounter_diagnosis.json' with { type: 'json' };
import goal from './views/goal.json' with { type: 'json' };
import immunization from './views/immunization.json' with { type: 'json' };
import labResult from './views/lab_result.json' with { type: 'json' };
import location from './views/location.json' with { type: 'json' };
import medication from './views/medication.json' with { type: 'json' };
import observation from './views/observation.json' with { type: 'json' };
import organization from './views/organization.json' with { type: 'json' };
import patient from './views/patient.json' with { type: 'json' };
import practitioner from './views/practitioner.json' with { type: 'json' };
import procedure from './views/procedure.json' with { type: 'json' };
import provenance from './views/provenance.json' with { type: 'json' };
import referencedMedication from './views/referenced_medication.json' with { type: 'json' };

interface PublishedView {
  readonly title: string;
  readonly description: string;
}

/**
 * The views that people need most, by name. Their columns have the names of the Tuva project's input layer where it has them:
 * https://thetuvaproject.com/connectors/input-layer.
 */
export const publishedViews: Readonly<Record<string, PublishedView>> = {
  patient,
  condition,
  encounter,
  encounter_diagnosis: encounterDiagnosis,
  appointment,
  observation,
  lab_result: labResult,
  diagnostic_report: diagnosticReport,
  document_reference: documentReference,
  medication,
  immunization,
  procedure,
  allergy,
  practitioner,
  location,
  care_plan: carePlan,
  care_plan_activity: carePlanActivity,
  care_team: careTeam,
  goal,
  referenced_medication: referencedMedication,
  device,
  coverage,
  claim,
  organization,
  provenance,
};
