/** The elements of FHIR R4 types that have a value, a date or a patient. Resources come from an EHR, so nothing about them is certain. */
type Unknown = Readonly<Record<string, unknown>>;

const notObject: Unknown = {};

function toObject(value: unknown): Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknown) : notObject;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The result of an Observation: "5.4 mmol/L", "positive", "120 mmHg, 80 mmHg". Empty if it has none. */
export function valueText(resource: Unknown): string {
  const own = oneValue(resource);
  if (own !== undefined) return own;
  return toList(resource.component)
    .flatMap((component) => oneValue(toObject(component)) ?? [])
    .join(', ');
}

function oneValue(resource: Unknown): string | undefined {
  const { valueQuantity, valueCodeableConcept, valueString, valueBoolean, valueInteger, valueDateTime } = resource;
  if (valueQuantity !== undefined) return quantityText(toObject(valueQuantity));
  if (valueCodeableConcept !== undefined) return conceptText(toObject(valueCodeableConcept));
  if (typeof valueBoolean === 'boolean') return valueBoolean ? 'yes' : 'no';
  if (valueInteger !== undefined) return String(valueInteger);
  return toText(valueString) ?? toText(valueDateTime);
}

function quantityText({ comparator, value, unit, code }: Unknown): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return `${toText(comparator) ?? ''}${value} ${toText(unit) ?? toText(code) ?? ''}`.trim();
}

function conceptText({ text, coding }: Unknown): string | undefined {
  const { display, code } = toObject(toList(coding)[0]);
  return toText(text) ?? toText(display) ?? toText(code);
}

/** Where the types of R4 say when it was, the most exact first. */
const dateElements = [
  ...['effectiveDateTime', 'effectiveInstant', 'performedDateTime', 'occurrenceDateTime', 'onsetDateTime'],
  ...['authoredOn', 'recordedDate', 'start', 'date', 'issued', 'birthDate'],
];
const periodElements = ['effectivePeriod', 'performedPeriod', 'period'];

/** The date of a resource as the EHR wrote it, with the precision that it has: "2026-05-01". Empty if it has none. */
export function dateOf(resource: Unknown): string {
  const dates = dateElements.map((name) => toText(resource[name]));
  const starts = periodElements.map((name) => toText(toObject(resource[name]).start));
  const date = [...dates.slice(0, -2), ...starts, ...dates.slice(-2)].find((text) => text !== undefined) ?? '';
  // Minutes are enough for a list.
  return date.replace('T', ' ').replace(/^(.{16}).*$/, '$1');
}

/** The id of the patient that a resource is about. Empty if it names none. */
export function patientOf(resource: Unknown): string {
  const references = [resource.subject, resource.patient].map((element) => toText(toObject(element).reference));
  const ids = references.flatMap((reference) => /(?:^|\/)Patient\/([A-Za-z0-9\-.]+)$/.exec(reference ?? '')?.[1] ?? []);
  return ids[0] ?? '';
}

/** https://github.com/tc39/proposal-json-parse-with-source */
interface Source {
  readonly source?: string;
}

/** Parses JSON and keeps the text of each `value`, because `1.50` has another precision than `1.5`. */
export function parseWithValues(text: string): unknown {
  return JSON.parse(text, ((key: string, value: unknown, context?: Source) =>
    key === 'value' && typeof value === 'number' ? (context?.source ?? value) : value) as (
    key: string,
    value: unknown,
  ) => unknown);
}
