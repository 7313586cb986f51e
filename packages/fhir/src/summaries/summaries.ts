import {
  annotation,
  attachment,
  type Budget,
  coding,
  concept,
  fields,
  flag,
  identifier,
  list,
  number,
  type ObjectShape,
  period,
  quantity,
  reference,
  text,
  timing,
} from './shapes.ts';

const detail = fields({
  kind: text,
  code: concept,
  status: text,
  statusReason: concept,
  doNotPerform: flag,
  description: text,
  scheduledTiming: timing,
  scheduledPeriod: period,
  scheduledString: text,
  reasonCode: list(concept),
  goal: list(reference),
  location: reference,
  productCodeableConcept: concept,
  productReference: reference,
  dailyAmount: quantity,
  quantity,
});

const planFields = fields({
  status: text,
  intent: text,
  title: text,
  description: text,
  period,
  created: text,
  category: list(concept),
  goal: list(reference),
  activity: list(
    fields({
      detail,
      reference,
      outcomeCodeableConcept: list(concept),
      outcomeReference: list(reference),
      progress: list(annotation),
    }),
  ),
  note: list(annotation),
});

const goals = list(
  fields({ id: text, lifecycleStatus: text, achievementStatus: concept, description: concept, startDate: text }),
);

function containedGoals(value: unknown, budget: Budget): unknown {
  const contained = (value as { contained?: unknown } | null | undefined)?.contained;
  if (!Array.isArray(contained)) return undefined;
  return goals(
    contained.filter((resource: { resourceType?: unknown } | null) => resource?.resourceType === 'Goal'),
    budget,
  );
}

/**
 * https://hl7.org/fhir/R4/careplan.html. `containedGoal` has the goals that are contained in the plan, which have no URL of their
 * own.
 */
export const carePlanSummary: ObjectShape = Object.assign(
  (value: unknown, budget: Budget) => {
    const plan = planFields(value, budget);
    const containedGoal = containedGoals(value, budget);
    return containedGoal === undefined ? plan : { ...(plan as object | undefined), containedGoal };
  },
  { elements: [...planFields.elements, 'contained'] },
);

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

/** https://hl7.org/fhir/R4/appointment.html. R4 has a single `comment`, but servers with elements of later versions send `note`. */
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
