import { fields, list, number, type Shape, text } from './shapes.ts';

// FHIR's data types (https://hl7.org/fhir/R4/datatypes.html) as summaries keep them: FHIR's element names, without
// extensions and what only a machine reads.

export const coding = fields({ system: text, code: text, display: text });
export const concept = fields({ text, coding: list(coding) });
export const period = fields({ start: text, end: text });
export const quantity = fields({ value: number, comparator: text, unit: text, system: text, code: text });
export const identifier = fields({ system: text, value: text });
export const reference = fields({ reference: text, type: text, identifier, display: text });
export const annotation = fields({ time: text, authorString: text, authorReference: reference, text });

/** Never the document itself: that one is inline is said in `isInline`. */
export const attachment: Shape = (value, budget) => {
  const described = attachmentFields(value, budget);
  const isInline = typeof (value as { data?: unknown } | null | undefined)?.data === 'string';
  return isInline ? { ...(described as object | undefined), isInline } : described;
};

const attachmentFields = fields({
  contentType: text,
  title: text,
  url: text,
  size: number,
  hash: text,
  creation: text,
  language: text,
});

/** https://hl7.org/fhir/R4/datatypes.html#Timing */
export const timing = fields({
  event: list(text),
  repeat: fields({
    boundsPeriod: period,
    boundsDuration: quantity,
    boundsRange: fields({ low: quantity, high: quantity }),
    count: number,
    countMax: number,
    duration: number,
    durationMax: number,
    durationUnit: text,
    frequency: number,
    frequencyMax: number,
    period: number,
    periodMax: number,
    periodUnit: text,
    dayOfWeek: list(text),
    timeOfDay: list(text),
    when: list(text),
    offset: number,
  }),
  code: concept,
});
