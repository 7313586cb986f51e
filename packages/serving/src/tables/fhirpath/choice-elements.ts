/**
 * The elements of FHIR R4 that have their type in their JSON name, such as `value[x]`: https://hl7.org/fhir/R4/formats.html#choice. Views name
 * them without the type.
 */
export const choiceElements: ReadonlySet<string> = new Set(
  `abatement additive age allowed amount answer asNeeded author born bounds characteristic chargeItem code collected content created date deceased
  defaultValue definingSubstance definition detail diagnosis doseNumber dose due effective entity event example fastingStatus fixed
  identified indication item legallyBinding location manufacturer maxValue medication minValue minimumVolume module multipleBirth name
  occurred occurrence offset onset participantEffective pattern performed probability procedure product quantity rate reported scheduled
  seriesDoses serviced source start statusReason studyEffective subject substance target time timing topic used value when`.split(
    /\s+/,
  ),
);

/**
 * Choice elements that no other element of a resource is named like, and `value`. Without `ofType()` they are read with any type. The others
 * need `ofType()`, so that a common element such as `name` is not looked for under fifty names.
 */
export const unnamedChoices: ReadonlySet<string> = new Set(
  `abatement age allowed answer asNeeded born bounds chargeItem collected deceased defaultValue doseNumber dose effective fastingStatus fixed
  identified legallyBinding maxValue medication minValue multipleBirth occurred occurrence offset onset participantEffective pattern
  performed probability rate reported scheduled seriesDoses serviced studyEffective timing value`.split(/\s+/),
);

/** The types that a choice can have: https://hl7.org/fhir/R4/datatypes.html#open. */
export const choiceTypes: ReadonlySet<string> = new Set(
  `base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time unsignedInt uri
  url uuid Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration HumanName Identifier Money
  Period Quantity Range Ratio Reference SampledData Signature Timing ContactDetail Contributor DataRequirement Expression
  ParameterDefinition RelatedArtifact TriggerDefinition UsageContext Dosage Meta`.split(/\s+/),
);

/** The elements that are a `date` in R4. In JSON a date looks like a dateTime without its time. */
export const dateElements: ReadonlySet<string> = new Set([
  ...['approvalDate', 'birthDate', 'expirationDate', 'lastReviewDate', 'nextScheduled', 'paymentDate', 'statusDate'],
]);

/**
 * The names of the elements of R4 that are, or can be, a date or time: https://hl7.org/fhir/R4/profiles-types.json and profiles-resources.json.
 * Some are a code or another text in other places, such as `start` of a GraphDefinition.
 */
export const temporalElements: ReadonlySet<string> = new Set(
  `abatement abatementDateTime answer answerDate answerDateTime answerTime approvalDate authored authoredOn availableEndTime
  availableStartTime birthDate born bornDate closingTime collected collectedDateTime created createdDateTime creation date
  dateAsserted dateDateTime dateOfFirstAuthorization dateTime dateWritten deceased deceasedDate deceasedDateTime defaultValue
  defaultValueDate defaultValueDateTime defaultValueInstant defaultValueTime detected due dueDate effective effectiveDate
  effectiveDateTime effectiveInstant effectiveTime end enteredDate event expirationDate expiry fixed fixedDate fixedDateTime
  fixedInstant fixedTime identified identifiedDateTime ifModifiedSince internationalBirthDate issued lastModified lastOccurrence
  lastPerformed lastReviewDate lastUpdated lockedDate manufactureDate maxValue maxValueDate maxValueDateTime maxValueInstant
  maxValueTime minValue minValueDate minValueDateTime minValueInstant minValueTime nextScheduled occurred occurredDateTime occurrence
  occurrenceDateTime onset onsetDateTime openingTime participantEffective participantEffectiveDateTime pattern patternDate
  patternDateTime patternInstant patternTime paymentDate performed performedDateTime presentationDate publicationDate received
  receivedTime recorded recordedDate recordedOn releaseDate restoreDate sent serviced servicedDate start startDate started statusDate
  studyEffective studyEffectiveDateTime time timeDateTime timeOfDay timestamp timing timingDate timingDateTime validTo validationDate
  value valueDate valueDateTime valueInstant valueTime verificationDate when whenHandedOver whenPrepared`.split(/\s+/),
);

/** The JSON name of a choice element with a type. */
export function choiceName(element: string, type: string): string {
  return element + type.charAt(0).toUpperCase() + type.slice(1);
}

const capitalizedTypes = [...choiceTypes].map((type) => choiceName('', type));

/** The JSON names that a choice element can have. */
export function choiceNames(element: string): string[] {
  return capitalizedTypes.map((type) => element + type);
}
