import type { DateRange } from './date-range.ts';

/** How a resource's date is compared: https://hl7.org/fhir/R4/search.html#prefix. */
export const datePrefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const;

export interface DateCriterion extends DateRange {
  readonly prefix: (typeof datePrefixes)[number];
}

/** Each item must be met, by any of its alternatives: a repeated parameter and its comma. */
export type AllOfAny<Criterion> = readonly (readonly Criterion[])[];

/** What a search asks for, without how many and from where. */
export interface ResourceSearch {
  /** Undefined: any. Empty: two parameters exclude each other. */
  readonly ids?: readonly string[];
  /** A resource can be part of the records of several patients. */
  readonly patients: AllOfAny<string>;
  /** As in `SearchKeys.tokens`, in the order in which they narrow a search: code, category, status. */
  readonly tokens: AllOfAny<string>;
  readonly dates: AllOfAny<DateCriterion>;
  readonly lastUpdated: AllOfAny<DateCriterion>;
}
