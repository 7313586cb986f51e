import { ExactNumber } from '../json/exact-number.ts';

/** What a summary may still take. */
export interface Budget {
  units: number;
  /** Something was left out or cut: a text, a list or the rest. */
  isCut: boolean;
}

/** Picks out of a JSON value what a summary keeps of it; undefined: nothing. Never throws, whatever the value is. */
export type Shape = (value: unknown, budget: Budget) => unknown;

/** A clinical conclusion of more than two pages is read in the resource, not searched. */
const maxTextLength = 4000;
/** Care plans in the field have up to some dozen activities; reasons, diagnoses and codings are fewer. */
const maxListLength = 100;
/** What a value costs beside its characters: its key, BSON's framing and its share of the objects around it. */
const valueUnits = 64;

export const text: Shape = (value, budget) => {
  if (typeof value !== 'string' || value === '') return undefined;
  const kept = value.length > maxTextLength ? cut(value) : value;
  if (kept !== value) budget.isCut = true;
  return spend(budget, valueUnits + kept.length) ? kept : undefined;
};

/** As a plain number, so that it can be compared; the resource beside it keeps the server's text. */
export const number: Shape = (value, budget) => {
  const plain = value instanceof ExactNumber ? Number(value.text) : value;
  return typeof plain === 'number' && Number.isFinite(plain) && spend(budget, valueUnits) ? plain : undefined;
};

export const flag: Shape = (value, budget) =>
  typeof value === 'boolean' && spend(budget, valueUnits) ? value : undefined;

/** The items that have the shape; a single value stands for a list of one, as some servers send it. */
export function list(item: Shape): Shape {
  return (value, budget) => {
    const given = Array.isArray(value) ? value : [value];
    if (given.length > maxListLength) budget.isCut = true;
    const kept = given.slice(0, maxListLength).map((one) => item(one, budget));
    const items = kept.filter((one) => one !== undefined);
    return items.length > 0 ? items : undefined;
  };
}

/** An object's elements that have their shape, in this order; undefined where none has. */
export function fields(shapes: Readonly<Record<string, Shape>>): Shape {
  const named = Object.entries(shapes);
  return (value, budget) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const kept: Record<string, unknown> = {};
    for (const [name, shape] of named) {
      const field = shape((value as Record<string, unknown>)[name], budget);
      if (field !== undefined) kept[name] = field;
    }
    return Object.keys(kept).length > 0 ? kept : undefined;
  };
}

function spend(budget: Budget, units: number): boolean {
  if (units > budget.units) {
    budget.isCut = true;
    return false;
  }
  budget.units -= units;
  return true;
}

/** Not between the halves of a surrogate pair: BSON would replace the one that is left. */
function cut(value: string): string {
  const last = value.charCodeAt(maxTextLength - 1);
  const isFirstHalf = last >= 0xd800 && last <= 0xdbff;
  return value.slice(0, isFirstHalf ? maxTextLength - 1 : maxTextLength);
}

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
