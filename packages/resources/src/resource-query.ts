import type { DateCriterion, ResourceSearch } from '@bulkhead/fhir';
import { idsBelow } from '@bulkhead/store';
import type { resourceIndexes } from './resource-collections.ts';

/** A field that pages are ordered by. */
export interface OrderField {
  readonly name: string;
  readonly type: 'text' | 'instant';
  /** Documents without it come first. */
  readonly isOptional?: boolean;
}

export interface ResourceQuery {
  /** The index that is walked. */
  readonly index: keyof typeof resourceIndexes | '_id_';
  /**
   * Whether the conditions are the index' own fields, so that every planner chooses it and none is told to: the embedded engine
   * walks the whole of an index that is named (200 ms instead of 2 for a patient among 200,000 resources). Any other search
   * names its index, so that no planner ever chooses to read the whole collection, or to sort.
   */
  readonly isObvious: boolean;
  /** All of them are met. */
  readonly conditions: readonly Condition[];
  /**
   * The patients whose records are walked, in this order; not among the conditions. A resource of two patients has two entries in
   * the index, so pages go through one patient after the other: see `pageQueries`.
   */
  readonly patients?: readonly string[];
  /** The index' own order, so that nothing is sorted; the last field tells all resources apart. */
  readonly order: readonly OrderField[];
}

export interface WhichResources {
  readonly connectionId: string;
  readonly resourceType: string;
}

const resourceId: OrderField = { name: 'resourceId', type: 'text' };
const dateFields = { start: 'keys.dateStart', end: 'keys.dateEnd' };
const lastUpdatedFields = { start: 'lastUpdated', end: 'lastUpdated' };

/** How a search is answered: by the index that usually leaves the fewest documents to look at. */
export function toResourceQuery(options: {
  readonly connectionId: string;
  readonly search: ResourceSearch;
}): ResourceQuery {
  const { connectionId, search } = options;
  const { ids, patients, tokens, dates, lastUpdated } = search;
  const [walked, ...alsoOf] = patients;
  const conditions = [
    { connectionId },
    ...alsoOf.map(patientCondition),
    ...tokens.map((anyOf) => ({ 'keys.tokens': { $in: anyOf } })),
    ...dates.flatMap((criteria) => dateCondition({ criteria, fields: dateFields })),
    ...lastUpdated.flatMap((criteria) => dateCondition({ criteria, fields: lastUpdatedFields })),
  ];
  // A tombstone has no keys, so a search by keys meets none.
  const current = [...conditions, { deleted: false }];
  const kinds = [ids, ...patients, tokens[0], dates[0], lastUpdated[0]].filter((kind) => kind !== undefined);
  const isObvious = kinds.length === 1;
  if (ids) {
    const named = { _id: { $in: ids.map((one) => `${connectionId}/${one}`) } };
    const ofPatients = walked ? [patientCondition(walked)] : [];
    return { ...byId, isObvious, conditions: [...current, ...ofPatients, named] };
  }
  if (walked) return { ...byPatient, isObvious, conditions, patients: [...new Set(walked)].toSorted() };
  if (tokens.some((anyOf) => anyOf[0]?.startsWith('code='))) return { ...byToken, isObvious, conditions };
  if (lastUpdated.length > 0) return { ...byLastUpdated, isObvious, conditions: current };
  if (dates.length > 0) return { ...byDate, isObvious, conditions };
  if (tokens.length > 0) return { ...byToken, isObvious, conditions };
  const all = { _id: idsBelow(connectionId) };
  return { ...byId, isObvious, conditions: [...current, all] };
}

/** Every condition of a search whose matches need no order: a resource of two patients is matched once. */
export function allConditions({ conditions, patients }: Pick<ResourceQuery, 'conditions' | 'patients'>): Condition[] {
  return patients ? [...conditions, patientCondition(patients)] : [...conditions];
}

/** The key is a text, or an array of texts. */
export function patientCondition(patients: readonly string[]): Condition {
  return { 'keys.patient': { $in: patients } };
}

const byId = { index: '_id_', order: [{ name: '_id', type: 'text' }] } as const;
const byToken = { index: 'by-token', order: [resourceId] } as const;
const byPatient = {
  index: 'by-patient-and-date',
  order: [
    { name: 'keys.patient', type: 'text' },
    { name: 'keys.dateStart', type: 'instant', isOptional: true },
    resourceId,
  ],
} as const;
const byDate = {
  index: 'by-date',
  order: [{ name: 'keys.dateEnd', type: 'instant' }, { name: 'keys.dateStart', type: 'instant' }, resourceId],
} as const;
const byLastUpdated = {
  index: 'by-last-updated',
  order: [{ name: 'lastUpdated', type: 'instant' }, resourceId],
} as const;

/** A condition on documents, in MongoDB's query language. */
export type Condition = Readonly<Record<string, unknown>>;

/** Where a date's first and last instant stand in a document; the same field for an instant. */
interface DateFields {
  readonly start: string;
  readonly end: string;
}

interface Bounds {
  readonly from?: Date;
  readonly to?: Date;
}

/**
 * Any of the criteria, and beside it the bounds of `fields.end` that all of them imply: an index walks bounds, not an `$or`.
 * A resource without a date meets none.
 */
function dateCondition(options: {
  readonly criteria: readonly DateCriterion[];
  readonly fields: DateFields;
}): Condition[] {
  const { criteria, fields } = options;
  const conditions = criteria.map((criterion) => compare(criterion, fields));
  const bounds = criteria.map((criterion) => boundsOfEnd(criterion, fields.start === fields.end));
  const from = bounds.map((one) => one.from?.getTime());
  const to = bounds.map((one) => one.to?.getTime());
  const range = {
    ...(from.every((one) => one !== undefined) ? { $gte: new Date(Math.min(...from)) } : {}),
    ...(to.every((one) => one !== undefined) ? { $lte: new Date(Math.max(...to)) } : {}),
  };
  const [first = {}] = conditions;
  return [
    ...(Object.keys(range).length > 0 ? [{ [fields.end]: range }] : []),
    conditions.length === 1 ? first : { $or: conditions },
  ];
}

/** https://hl7.org/fhir/R4/search.html#prefix, with r for the resource's range and p for the parameter's. */
function compare({ prefix, start: pStart, end: pEnd }: DateCriterion, { start, end }: DateFields): Condition {
  switch (prefix) {
    case 'eq':
      return { $and: [{ [start]: { $gte: pStart } }, { [end]: { $lte: pEnd } }] };
    case 'ne':
      return { $or: [{ [start]: { $lt: pStart } }, { [end]: { $gt: pEnd } }] };
    case 'gt':
      return { [end]: { $gt: pEnd } };
    case 'lt':
      return { [start]: { $lt: pStart } };
    case 'ge':
      return start === end
        ? { [end]: { $gte: pStart } }
        : { $or: [{ [end]: { $gt: pEnd } }, { [start]: { $gte: pStart } }] };
    case 'le':
      return start === end
        ? { [end]: { $lte: pEnd } }
        : { $or: [{ [start]: { $lt: pStart } }, { [end]: { $lte: pEnd } }] };
    case 'sa':
      return { [start]: { $gt: pEnd } };
    case 'eb':
      return { [end]: { $lt: pStart } };
  }
}

/** A resource's range never ends before it starts; a period that starts early enough may end at any time. */
function boundsOfEnd({ prefix, start, end }: DateCriterion, isInstant: boolean): Bounds {
  switch (prefix) {
    case 'eq':
      return { from: start, to: end };
    case 'gt':
    case 'sa':
      return { from: end };
    case 'ge':
      return { from: start };
    case 'eb':
      return { to: start };
    case 'lt':
      return isInstant ? { to: start } : {};
    case 'le':
      return isInstant ? { to: end } : {};
    case 'ne':
      return {};
  }
}
