import { ExactNumber } from '../json/exact-number.ts';

/** The space that is left for a summary. */
export interface Budget {
  units: number;
  /** Whether a string, a list or the rest was cut or left out. */
  isCut: boolean;
}

/** Selects the parts of a JSON value that a summary keeps. It never throws. @returns undefined if nothing is kept */
export type Shape = (value: unknown, budget: Budget) => unknown;

/** A clinical conclusion of more than two pages is read in the resource instead of searched. */
const maxTextLength = 4000;
/** Real care plans have up to a few dozen activities. Reasons, diagnoses and codings are fewer. */
const maxListLength = 100;
/** The cost of a value in addition to its characters: its key, BSON's framing and its share of the objects around it. */
const valueUnits = 64;

export const text: Shape = (value, budget) => {
  if (typeof value !== 'string' || value === '') return undefined;
  const limited = value.length > maxTextLength ? cut(value) : value;
  if (limited !== value) budget.isCut = true;
  return spend(budget, valueUnits + limited.length) ? limited : undefined;
};

/** A plain number, so that it can be compared. The stored resource keeps the server's text. */
export const number: Shape = (value, budget) => {
  const plain = value instanceof ExactNumber ? Number(value.text) : value;
  return typeof plain === 'number' && Number.isFinite(plain) && spend(budget, valueUnits) ? plain : undefined;
};

export const flag: Shape = (value, budget) =>
  typeof value === 'boolean' && spend(budget, valueUnits) ? value : undefined;

/** Keeps the items that have the shape. A single value counts as a list of one, because some servers send that. */
export function list(item: Shape): Shape {
  return (value, budget) => {
    const elements = Array.isArray(value) ? value : [value];
    if (elements.length > maxListLength) budget.isCut = true;
    const kept = elements.slice(0, maxListLength).map((element) => item(element, budget));
    const items = kept.filter((element) => element !== undefined);
    return items.length > 0 ? items : undefined;
  };
}

/** The shape of an object, and the elements of the object that it reads. */
export type ObjectShape = Shape & { readonly elements: readonly string[] };

/** Keeps an object's elements that have their shape, in this order. @returns undefined if none has */
export function fields(shapes: Readonly<Record<string, Shape>>): ObjectShape {
  const entries = Object.entries(shapes);
  const keep: Shape = (value, budget) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const result: Record<string, unknown> = {};
    for (const [name, shape] of entries) {
      const field = shape((value as Record<string, unknown>)[name], budget);
      if (field !== undefined) result[name] = field;
    }
    return Object.keys(result).length > 0 ? result : undefined;
  };
  return Object.assign(keep, { elements: Object.keys(shapes) });
}

function spend(budget: Budget, units: number): boolean {
  if (units > budget.units) {
    budget.isCut = true;
    return false;
  }
  budget.units -= units;
  return true;
}

/** Does not cut a surrogate pair in half, because BSON would replace the remaining half. */
function cut(value: string): string {
  const last = value.charCodeAt(maxTextLength - 1);
  const isFirstHalf = last >= 0xd800 && last <= 0xdbff;
  return value.slice(0, isFirstHalf ? maxTextLength - 1 : maxTextLength);
}

// FHIR's data types (https://hl7.org/fhir/R4/datatypes.html) as summaries keep them, with FHIR's element names, but without
// extensions and elements that only machines read.

export const coding = fields({ system: text, code: text, display: text });
export const concept = fields({ text, coding: list(coding) });
export const period = fields({ start: text, end: text });
export const quantity = fields({ value: number, comparator: text, unit: text, system: text, code: text });
export const identifier = fields({ system: text, value: text });
export const reference = fields({ reference: text, type: text, identifier, display: text });
export const annotation = fields({ time: text, authorString: text, authorReference: reference, text });

/** Never keeps the document itself. `isInline` says that the resource contains it. */
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
