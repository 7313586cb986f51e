/** A random number for a slot, written with a fixed number of decimals: 98.60 keeps its zero. */
export interface DrawnNumber {
  readonly min: number;
  readonly max: number;
  readonly decimals: number;
}

export interface Variant {
  /** The name of a US Core profile without its prefix. Default: the type in lower case. */
  readonly profile?: string;
  /** XHTML without the outer div. */
  readonly narrative: string;
  /** A resource with slots, without its head (`resourceHead`). */
  readonly resource: object;
  readonly value?: DrawnNumber;
  readonly value2?: DrawnNumber;
}

/** How to generate a resource type. */
export interface GeneratedType {
  readonly type: string;
  /** Part of the ids: `a-195900.E-17` is a patient, `a-195900.Result-17-3` an observation of that patient. */
  readonly idPart: string;
  readonly scope: 'patient' | 'practice';
  /** The number per patient, or for the practice if the scope is `practice`. */
  readonly count: { readonly min: number; readonly max: number };
  readonly variants: readonly Variant[];
}

/**
 * The variable parts of a generated resource. Templates write `{{slot}}` inside a string, or the whole string
 * `{{#slot}}` for a number. All values are already JSON-escaped.
 */
export const slotNames = [
  'id',
  'practiceId',
  'organizationId',
  'fhirBase',
  'documentBase',
  'versionId',
  'lastUpdated',
  'patientId',
  'given',
  'family',
  'gender',
  'birthDate',
  'phone',
  'street',
  'city',
  'postalCode',
  'recordNumber',
  'encounterId',
  'practitionerId',
  'locationId',
  'binaryId',
  'day',
  'start',
  'end',
  'value',
  'value2',
  'note',
  'note2',
] as const;

type SlotName = (typeof slotNames)[number];
export type Slots = Record<SlotName, string>;

/** Writes one resource as JSON text. */
export type Template = (slots: Slots) => string;

/**
 * Turns a resource with slots into a function that joins texts. This is ten times as fast as building and serializing
 * objects, and the only way to control the digits of a decimal.
 */
export function compileTemplate(resource: object): Template {
  const parts = JSON.stringify(resource)
    .replace(/"\{\{#(\w+)\}\}"/g, '{{$1}}')
    .split(/\{\{(\w+)\}\}/);
  const texts = parts.filter((_, index) => index % 2 === 0);
  const names = parts.filter((_, index) => index % 2 === 1).map(checkedName);
  const first = texts.shift() ?? '';
  return (slots) => {
    let text = first;
    for (let index = 0; index < names.length; index += 1) {
      text += slots[names[index] as SlotName] + (texts[index] as string);
    }
    return text;
  };
}

function checkedName(name: string): SlotName {
  const slotName = slotNames.find((slot) => slot === name);
  if (slotName) return slotName;
  throw new Error(`A template names the slot ${name}, which does not exist.`);
}
