export type Expression = string | object;
/** The first item of an array, or a field of it. */
const first = (list: string, field?: string): Expression =>
  field === undefined ? { $first: list } : { $let: { vars: { item: { $first: list } }, in: `$$item.${field}` } };
/** The id in a reference to a type. */
const idIn = (path: Expression, type: string): Expression => ({
  $let: {
    vars: { match: { $regexFind: { input: path, regex: `(?:^|/)${type}/([A-Za-z0-9._-]+)$` } } },
    in: { $first: '$$match.captures' },
  },
});
/** What an expression finds in the items of an array, `$$this`. The engine of the tests does not read `$list.field`. */
const each = (list: string, found: Expression): Expression => ({
  $filter: {
    input: { $map: { input: { $ifNull: [list, []] }, in: found } },
    cond: { $ne: [{ $ifNull: ['$$this', null] }, null] },
  },
});
/** The ids in those references of an array that are to a type. */
const idsIn = (references: string, type: string): Expression => each(references, idIn('$$this.reference', type));
const firstParticipant = (type: string): Expression => ({
  $first: each('$resource.participant', idIn('$$this.actor.reference', type)),
});
/** The first item of an array with a field, and its other field. */
const where = (list: string, test: object, field: string): Expression => ({
  $let: {
    vars: { found: { $first: { $filter: { input: { $ifNull: [list, []] }, as: 'item', cond: test } } } },
    in: `$$found.${field}`,
  },
});
const textOr = (concept: string): Expression => ({
  $ifNull: [`${concept}.text`, first(`${concept}.coding`, 'display')],
});
const isLab = { 'resource.category.coding.code': 'laboratory' };
const withComponents = [
  { $set: { part: { $concatArrays: [['$resource'], { $ifNull: ['$resource.component', []] }] } } },
  { $unwind: '$part' },
];
/** A document for each item of a list, with its number. */
const withEach = (list: string, preserveNullAndEmptyArrays = false) => [
  { $set: { part: `$resource.${list}` } },
  { $unwind: { path: '$part', includeArrayIndex: 'number', preserveNullAndEmptyArrays } },
];
const inSystem = (list: string, system: string, oid: string): Expression =>
  where(list, { $in: ['$$item.system', [system, `urn:oid:${oid}`]] }, 'code');
const snomed = ['http://snomed.info/sct', '2.16.840.1.113883.6.96'] as const;
const loinc = ['http://loinc.org', '2.16.840.1.113883.6.1'] as const;
const rxnorm = ['http://www.nlm.nih.gov/research/umls/rxnorm', '2.16.840.1.113883.6.88'] as const;
const icd10 = ['http://hl7.org/fhir/sid/icd-10-cm', '2.16.840.1.113883.6.90'] as const;
const isCurrent = { $not: { $in: ['$$item.use', ['old', 'maiden']] } };
/** The value of an extension of US Core. */
const usCore = (name: string, field: string): Expression =>
  where(
    '$resource.extension',
    { $eq: ['$$item.url', `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${name}`] },
    field,
  );
/** The first participant with a role. In the data, a participant has one. */
const withRole = (code: string): Expression => {
  const coding = { $let: { vars: { type: { $first: '$$item.type' } }, in: { $first: '$$type.coding' } } };
  const hasRole = { $let: { vars: { coding }, in: { $eq: ['$$coding.code', code] } } };
  return idIn(where('$resource.participant', hasRole, 'individual.reference'), 'Practitioner');
};

/** What laboratory results and other Observations have in common, of an Observation or of one of its components. */
const resultColumns = {
  loinc_code: inSystem('$part.code.coding', ...loinc),
  result_comparator: '$part.valueQuantity.comparator',
  result_code: first('$part.valueCodeableConcept.coding', 'code'),
  result_snomed_ct_code: inSystem('$part.valueCodeableConcept.coding', ...snomed),
  result_numerator: '$part.valueRatio.numerator.value',
  result_low: '$part.valueRange.low.value',
  absent_reason: {
    $ifNull: [textOr('$part.dataAbsentReason'), first('$part.dataAbsentReason.coding', 'code')],
  },
  source_reference_range_text: {
    $let: { vars: { range: { $first: '$part.referenceRange' } }, in: '$$range.text' },
  },
  result_number: '$part.valueQuantity.value',
  source_units: {
    $ifNull: ['$part.valueQuantity.unit', '$part.valueQuantity.code', '$part.valueRange.low.unit'],
  },
};

/** For each view, in queries of MongoDB that use nothing of the engine: which resources have rows, and the values of some columns. */
export const views: Readonly<
  Record<
    string,
    {
      readonly type: string;
      readonly match?: object;
      readonly stages?: object[];
      readonly columns: Readonly<Record<string, Expression>>;
    }
  >
> = {
  patient: {
    type: 'Patient',
    columns: {
      patient_id: '$resource.id',
      last_name: where('$resource.name', isCurrent, 'family'),
      previous_last_name: where('$resource.name', { $in: ['$$item.use', ['old', 'maiden']] }, 'family'),
      birth_sex: usCore('birthsex', 'valueCode'),
      marital_status: first('$resource.maritalStatus.coding', 'code'),
      country: where('$resource.address', isCurrent, 'country'),
      practitioner_id: { $first: idsIn('$resource.generalPractitioner', 'Practitioner') },
      organization_id: idIn('$resource.managingOrganization.reference', 'Organization'),
      sex: '$resource.gender',
      birth_date: '$resource.birthDate',
      city: where('$resource.address', isCurrent, 'city'),
      social_security_number: where(
        '$resource.identifier',
        { $eq: ['$$item.system', 'http://hl7.org/fhir/sid/us-ssn'] },
        'value',
      ),
    },
  },
  condition: {
    type: 'Condition',
    columns: {
      condition_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      onset_date: { $ifNull: ['$resource.onsetDateTime', '$resource.onsetPeriod.start'] },
      onset_age: '$resource.onsetAge.value',
      onset_text: '$resource.onsetString',
      resolved_date: { $ifNull: ['$resource.abatementDateTime', '$resource.abatementPeriod.start'] },
      resolved_age: '$resource.abatementAge.value',
      resolved_text: '$resource.abatementString',
      severity: textOr('$resource.severity'),
      practitioner_id: idIn('$resource.recorder.reference', 'Practitioner'),
      source_code: first('$resource.code.coding', 'code'),
      source_description: textOr('$resource.code'),
      icd_10_cm_code: inSystem('$resource.code.coding', ...icd10),
      snomed_ct_code: inSystem('$resource.code.coding', ...snomed),
    },
  },
  encounter: {
    type: 'Encounter',
    columns: {
      encounter_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      encounter_type: '$resource.class.code',
      encounter_start_date: '$resource.period.start',
      encounter_end_date: '$resource.period.end',
      attending_provider_id: withRole('ATND'),
      primary_performer_id: withRole('PPRF'),
      practitioner_ids: each('$resource.participant', idIn('$$this.individual.reference', 'Practitioner')),
      snomed_ct_code: {
        $let: { vars: { type: { $first: '$resource.type' } }, in: inSystem('$$type.coding', ...snomed) },
      },
      facility_name: '$resource.serviceProvider.display',
      duration: '$resource.length.value',
      priority_description: textOr('$resource.priority'),
      reason_code: {
        $let: { vars: { reason: { $first: '$resource.reasonCode' } }, in: first('$$reason.coding', 'code') },
      },
    },
  },
  encounter_diagnosis: {
    type: 'Encounter',
    stages: withEach('diagnosis'),
    columns: {
      encounter_id: '$resource.id',
      diagnosis_number: '$number',
      condition_id: idIn('$part.condition.reference', 'Condition'),
      source_description: '$part.condition.display',
      diagnosis_type: first('$part.use.coding', 'code'),
      condition_rank: '$part.rank',
    },
  },
  appointment: {
    type: 'Appointment',
    columns: {
      appointment_id: '$resource.id',
      patient_id: firstParticipant('Patient'),
      practitioner_id: firstParticipant('Practitioner'),
      source_status: '$resource.status',
      start_datetime: '$resource.start',
      duration: '$resource.minutesDuration',
      source_appointment_type_code: first('$resource.appointmentType.coding', 'code'),
      reason_condition_ids: idsIn('$resource.reasonReference', 'Condition'),
      comment: '$resource.comment',
    },
  },
  observation: {
    type: 'Observation',
    match: { $nor: [isLab] },
    stages: withComponents,
    columns: {
      observation_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      source_code: first('$part.code.coding', 'code'),
      ...resultColumns,
      source_reference_range_high: {
        $let: { vars: { range: { $first: '$part.referenceRange' } }, in: '$$range.high.value' },
      },
    },
  },
  lab_result: {
    type: 'Observation',
    match: isLab,
    stages: withComponents,
    columns: {
      lab_result_id: '$resource.id',
      result_datetime: '$resource.issued',
      source_component_code: first('$part.code.coding', 'code'),
      source_component_description: textOr('$part.code'),
      ...resultColumns,
    },
  },
  diagnostic_report: {
    type: 'DiagnosticReport',
    columns: {
      diagnostic_report_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      category_code: {
        $let: { vars: { category: { $first: '$resource.category' } }, in: first('$$category.coding', 'code') },
      },
      source_description: textOr('$resource.code'),
      effective_date: '$resource.effectiveDateTime',
      issued_datetime: '$resource.issued',
      organization_id: { $first: idsIn('$resource.performer', 'Organization') },
      result_ids: idsIn('$resource.result', 'Observation'),
      conclusion: '$resource.conclusion',
      attachment_titles: each('$resource.presentedForm', '$$this.title'),
    },
  },
  document_reference: {
    type: 'DocumentReference',
    stages: withEach('content'),
    columns: {
      document_reference_id: '$resource.id',
      document_status: '$resource.docStatus',
      source_code: first('$resource.type.coding', 'code'),
      service_start_date: '$resource.context.period.start',
      practice_setting_description: textOr('$resource.context.practiceSetting'),
      content_number: '$number',
      content_type: '$part.attachment.contentType',
      size_bytes: '$part.attachment.size',
      hash: '$part.attachment.hash',
      is_inline: { $ne: [{ $type: '$part.attachment.data' }, 'missing'] },
      format_code: '$part.format.code',
    },
  },
  medication: {
    type: 'MedicationRequest',
    stages: [
      {
        $set: {
          contained: where(
            '$resource.contained',
            { $eq: [{ $concat: ['#', '$$item.id'] }, '$resource.medicationReference.reference'] },
            'code.coding',
          ),
        },
      },
    ],
    columns: {
      medication_id: '$resource.id',
      prescribing_date: '$resource.authoredOn',
      source_code: {
        $ifNull: [first('$resource.medicationCodeableConcept.coding', 'code'), first('$contained', 'code')],
      },
      rxnorm_code: {
        $ifNull: [inSystem('$resource.medicationCodeableConcept.coding', ...rxnorm), inSystem('$contained', ...rxnorm)],
      },
      intent: '$resource.intent',
      reason_code: {
        $let: { vars: { reason: { $first: '$resource.reasonCode' } }, in: first('$$reason.coding', 'code') },
      },
      quantity: '$resource.dispenseRequest.quantity.value',
      refills: '$resource.dispenseRequest.numberOfRepeatsAllowed',
      practitioner_id: idIn('$resource.requester.reference', 'Practitioner'),
    },
  },
  immunization: {
    type: 'Immunization',
    columns: {
      immunization_id: '$resource.id',
      occurrence_date: '$resource.occurrenceDateTime',
      source_code: first('$resource.vaccineCode.coding', 'code'),
      source_dose: '$resource.doseQuantity.value',
      lot_number: '$resource.lotNumber',
      cvx_code: inSystem('$resource.vaccineCode.coding', 'http://hl7.org/fhir/sid/cvx', '2.16.840.1.113883.12.292'),
      is_primary_source: '$resource.primarySource',
      expiration_date: '$resource.expirationDate',
    },
  },
  procedure: {
    type: 'Procedure',
    columns: {
      procedure_id: '$resource.id',
      procedure_date: { $ifNull: ['$resource.performedDateTime', '$resource.performedPeriod.start'] },
      procedure_end_date: '$resource.performedPeriod.end',
      source_code: first('$resource.code.coding', 'code'),
      cpt_code: inSystem('$resource.code.coding', 'http://www.ama-assn.org/go/cpt', '2.16.840.1.113883.6.12'),
      snomed_ct_code: inSystem('$resource.code.coding', ...snomed),
    },
  },
  allergy: {
    type: 'AllergyIntolerance',
    columns: {
      allergy_id: '$resource.id',
      criticality: '$resource.criticality',
      category: first('$resource.category'),
      source_description: textOr('$resource.code'),
    },
  },
  practitioner: {
    type: 'Practitioner',
    columns: {
      practitioner_id: '$resource.id',
      npi: where('$resource.identifier', { $eq: ['$$item.system', 'http://hl7.org/fhir/sid/us-npi'] }, 'value'),
      last_name: first('$resource.name', 'family'),
      is_active: '$resource.active',
    },
  },
  location: {
    type: 'Location',
    columns: {
      location_id: '$resource.id',
      name: '$resource.name',
      city: '$resource.address.city',
      latitude: '$resource.position.latitude',
      longitude: '$resource.position.longitude',
    },
  },
  care_plan: {
    type: 'CarePlan',
    columns: {
      care_plan_id: '$resource.id',
      status: '$resource.status',
      start_date: '$resource.period.start',
      created_date: '$resource.created',
      condition_ids: idsIn('$resource.addresses', 'Condition'),
      goal_ids: idsIn('$resource.goal', 'Goal'),
      contained_goals: each('$resource.contained', {
        $cond: [{ $eq: ['$$this.resourceType', 'Goal'] }, '$$this.description.text', null],
      }),
      notes: each('$resource.note', '$$this.text'),
    },
  },
  care_plan_activity: {
    type: 'CarePlan',
    stages: withEach('activity'),
    columns: {
      care_plan_id: '$resource.id',
      activity_number: '$number',
      status: '$part.detail.status',
      activity_type: '$part.detail.kind',
      is_prohibited: '$part.detail.doNotPerform',
      source_code: first('$part.detail.code.coding', 'code'),
      description: '$part.detail.description',
      schedule: '$part.detail.scheduledString',
      start_date: {
        $ifNull: ['$part.detail.scheduledPeriod.start', '$part.detail.scheduledTiming.repeat.boundsPeriod.start'],
      },
      frequency: '$part.detail.scheduledTiming.repeat.frequency',
      period: '$part.detail.scheduledTiming.repeat.period',
      daily_amount: '$part.detail.dailyAmount.value',
      location_name: '$part.detail.location.display',
      reference: '$part.reference.reference',
      outcome_references: each('$part.outcomeReference', '$$this.reference'),
      progress_notes: each('$part.progress', '$$this.text'),
    },
  },
  care_team: {
    type: 'CareTeam',
    stages: withEach('participant', true),
    columns: {
      care_team_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      name: '$resource.name',
      participant_number: { $ifNull: ['$number', 0] },
      practitioner_id: idIn('$part.member.reference', 'Practitioner'),
      participant_name: '$part.member.display',
    },
  },
  goal: {
    type: 'Goal',
    columns: {
      goal_id: '$resource.id',
      patient_id: idIn('$resource.subject.reference', 'Patient'),
      status: '$resource.lifecycleStatus',
      source_description: textOr('$resource.description'),
      start_date: '$resource.startDate',
      condition_ids: idsIn('$resource.addresses', 'Condition'),
    },
  },
  referenced_medication: {
    type: 'Medication',
    columns: {
      medication_reference_id: '$resource.id',
      source_code: first('$resource.code.coding', 'code'),
      source_description: textOr('$resource.code'),
      rxnorm_code: inSystem('$resource.code.coding', ...rxnorm),
      form: textOr('$resource.form'),
      lot_number: '$resource.batch.lotNumber',
    },
  },
  device: {
    type: 'Device',
    columns: {
      device_id: '$resource.id',
      patient_id: idIn('$resource.patient.reference', 'Patient'),
      source_description: textOr('$resource.type'),
      device_name: first('$resource.deviceName', 'name'),
      udi_text: first('$resource.udiCarrier', 'carrierHRF'),
      manufacture_date: '$resource.manufactureDate',
      serial_number: '$resource.serialNumber',
    },
  },
  coverage: {
    type: 'Coverage',
    columns: {
      coverage_id: '$resource.id',
      patient_id: idIn('$resource.beneficiary.reference', 'Patient'),
      subscriber_id: '$resource.subscriberId',
      enrollment_start_date: '$resource.period.start',
      payer: first('$resource.payor', 'display'),
      payer_id: { $first: idsIn('$resource.payor', 'Organization') },
      plan_id: where('$resource.class', { $eq: [first('$$item.type.coding', 'code'), 'plan'] }, 'value'),
      coverage_order: '$resource.order',
    },
  },
  claim: {
    type: 'ExplanationOfBenefit',
    columns: {
      claim_id: '$resource.id',
      patient_id: idIn('$resource.patient.reference', 'Patient'),
      claim_number: first('$resource.identifier', 'value'),
      claim_type: first('$resource.type.coding', 'code'),
      use: '$resource.use',
      claim_start_date: '$resource.billablePeriod.start',
      payer_id: idIn('$resource.insurer.reference', 'Organization'),
      practitioner_id: idIn('$resource.provider.reference', 'Practitioner'),
    },
  },
  organization: {
    type: 'Organization',
    columns: {
      organization_id: '$resource.id',
      name: '$resource.name',
      city: first('$resource.address', 'city'),
      phone: where('$resource.telecom', { $eq: ['$$item.system', 'phone'] }, 'value'),
      parent_organization_id: idIn('$resource.partOf.reference', 'Organization'),
      is_active: '$resource.active',
    },
  },
  provenance: {
    type: 'Provenance',
    stages: withEach('target'),
    columns: {
      provenance_id: '$resource.id',
      recorded_datetime: '$resource.recorded',
      target_number: '$number',
      target_reference: '$part.reference',
      patient_id: idIn('$part.reference', 'Patient'),
      practitioner_id: { $first: each('$resource.agent', idIn('$$this.who.reference', 'Practitioner')) },
    },
  },
};

/** The types of the columns that are not texts. */
export const kinds: Readonly<Record<string, 'decimal' | 'integer' | 'list' | 'timestamp'>> = {
  start_datetime: 'timestamp',
  result_datetime: 'timestamp',
  issued_datetime: 'timestamp',
  recorded_datetime: 'timestamp',
  participant_number: 'integer',
  target_number: 'integer',
  coverage_order: 'integer',
  ingredient_codes: 'list',
  result_number: 'decimal',
  result_numerator: 'decimal',
  result_low: 'decimal',
  onset_age: 'decimal',
  resolved_age: 'decimal',
  practitioner_ids: 'list',
  source_reference_range_high: 'decimal',
  quantity: 'decimal',
  source_dose: 'decimal',
  latitude: 'decimal',
  longitude: 'decimal',
  refills: 'integer',
  condition_ids: 'list',
  duration: 'decimal',
  daily_amount: 'decimal',
  period: 'decimal',
  frequency: 'integer',
  size_bytes: 'integer',
  condition_rank: 'integer',
  diagnosis_number: 'integer',
  content_number: 'integer',
  activity_number: 'integer',
  reason_condition_ids: 'list',
  result_ids: 'list',
  attachment_titles: 'list',
  goal_ids: 'list',
  contained_goals: 'list',
  notes: 'list',
  outcome_references: 'list',
  progress_notes: 'list',
};
