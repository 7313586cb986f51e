import {
  type DateCriterion,
  everyResource,
  type ResourceSearch,
  referencePattern,
  textCondition,
} from '@bulkhead/fhir';
import { idsBelow } from '@bulkhead/store';
import type { resourceIndexes } from '../resource-collections.ts';
import { changedSince } from '../version/changed-since.ts';

/** A field that orders the pages. */
export interface OrderField {
  readonly name: string;
  readonly type: 'text' | 'instant';
  /** Documents may lack the field. They come first. */
  readonly isOptional?: boolean;
}

export interface ResourceQuery {
  /** The index that the query uses. */
  readonly index: keyof typeof resourceIndexes | '_id_';
  /**
   * Whether the conditions are on the fields of the index only, so that every query planner chooses the index without a hint. A hint
   * makes the embedded engine scan the whole index (200 ms instead of 2 for a patient among 200,000 resources). All other searches give a
   * hint, so that no planner reads the whole collection or sorts.
   */
  readonly isObvious: boolean;
  /** A match meets all of them. */
  readonly conditions: readonly Condition[];
  /**
   * The patients whose records are read, in this order. They are not in `conditions`. A resource of two patients has two entries in the
   * index, so pages go through one patient after the other. See `pageQueries`.
   */
  readonly patients?: readonly string[];
  /** What finds the resources of some of `patients`. */
  readonly ofPatients?: typeof recordCondition;
  /** The order of the index, so that nothing is sorted. The last field is unique. */
  readonly order: readonly OrderField[];
  /** Whether the index is read backwards. */
  readonly isDescending?: boolean;
}

export interface ResourceTypeReference {
  readonly connectionId: string;
  readonly resourceType: string;
}

const resourceId: OrderField = { name: 'resourceId', type: 'text' };
const dateFields = { start: 'keys.dateStart', end: 'keys.dateEnd' };
const lastUpdatedFields = { start: 'lastUpdated', end: 'lastUpdated' };

/** Chooses the index that usually leaves the fewest documents to check. */
export function toResourceQuery(options: {
  readonly connectionId: string;
  readonly search: ResourceSearch;
}): ResourceQuery {
  const { connectionId, search } = options;
  const {
    ids,
    patients,
    records = [],
    tokens,
    texts = [],
    present = [],
    references = [],
    excluded = [],
    dates,
    lastUpdated,
    sort,
  } = search;
  const [indexed, ...alsoOf] = [
    ...records.map((of) => ({ of, ofPatients: recordCondition })),
    ...patients.map((of) => ({ of, ofPatients: aboutCondition })),
  ];
  const conditions = [
    { connectionId },
    ...alsoOf.map(({ of, ofPatients }) => ofPatients(of)),
    // The embedded engine reads the index by the first condition on its field.
    ...tokens.filter(isSelective).map(tokenCondition),
    ...texts.flatMap(textConditions),
    ...tokens.filter((anyOf) => !isSelective(anyOf)).map(tokenCondition),
    ...present.map(presentCondition),
    ...references.map(referenceCondition),
    ...excluded.map(({ tokens: none }) => ({ 'keys.tokens': { $nin: none } })),
    ...dates.flatMap((criteria) => dateCondition(criteria, dateFields)),
    ...lastUpdated.flatMap((criteria) => dateCondition(criteria, lastUpdatedFields)),
  ];
  // Tombstones have no keys, so a search by keys does not find them.
  const current = [...conditions, { deleted: false }];
  const kinds = [
    ids,
    ...records,
    ...patients,
    tokens[0],
    texts[0],
    present[0],
    references[0],
    dates[0],
    lastUpdated[0],
  ].filter((kind) => kind !== undefined);
  const isObvious = kinds.length === 1 && !sort && excluded.length === 0;
  const { isDescending = false } = sort ?? {};
  if (ids) {
    const idCondition = { _id: { $in: ids.map((id) => `${connectionId}/${id}`) } };
    const ofIndexed = indexed ? [indexed.ofPatients(indexed.of)] : [];
    return { ...byId, isObvious, isDescending, conditions: [...current, ...ofIndexed, idCondition] };
  }
  if (indexed) {
    const { of, ofPatients } = indexed;
    return { ...byPatient, isObvious, isDescending, conditions, patients: [...new Set(of)].toSorted(), ofPatients };
  }
  if (sort?.field === '_lastUpdated') return { ...byLastUpdated, isObvious, isDescending, conditions: current };
  if (sort?.field === 'date') return { ...byAnyDate, isObvious, isDescending, conditions: current };
  const all = { _id: idsBelow(connectionId) };
  if (sort) return { ...byId, isObvious, isDescending, conditions: [...current, all] };
  if (texts.length > 0 || tokens.some(isSelective)) return { ...byToken, isObvious, conditions };
  if (lastUpdated.length > 0) return { ...byLastUpdated, isObvious, conditions: current };
  if (dates.length > 0) return { ...byDate, isObvious, conditions };
  if (tokens.length > 0) return { ...byToken, isObvious, conditions };
  return { ...byId, isObvious, conditions: [...current, all] };
}

/**
 * Why a search cannot be sorted: its index has another order, and nothing is sorted in memory.
 * @returns undefined if it can
 */
export function sortFault({ ids, patients, records = [], sort }: ResourceSearch): string | undefined {
  if (!sort) return undefined;
  if (ids) return sort.field === '_id' ? undefined : 'must be _id or -_id together with the parameter _id';
  const [indexed] = [...records, ...patients];
  if (!indexed) return undefined;
  if (sort.field !== 'date') return 'must be date or -date together with the parameter patient';
  return new Set(indexed).size > 1 ? 'is supported for one patient at a time' : undefined;
}

/**
 * The parameter of a search that would compare every resource of the type, because no index has it and the search names nothing else that has one.
 * A search that narrows to the record of a patient, to ids or to a code compares few.
 * @returns undefined if there is none
 */
export function filterFault({ ids, patients, records = [], tokens, references = [], excluded = [] }: ResourceSearch) {
  const [first] = [...references, ...excluded];
  const isNarrow = ids !== undefined || patients.length + records.length > 0 || tokens.some(isSelective);
  if (first === undefined || isNarrow) return undefined;
  return {
    path: first.name,
    message: 'is supported together with `patient`, `_id` or `code`, because no index has it. Add one of them',
  };
}

/** The query for all that one of the searches finds. Without searches it finds everything. */
export function toSelectionQuery(options: {
  readonly connectionId: string;
  readonly searches: readonly ResourceSearch[];
}): Pick<ResourceQuery, 'index' | 'isObvious' | 'conditions'> {
  const { connectionId, searches } = options;
  const queries = searches.map((search) => toResourceQuery({ connectionId, search }));
  const [only = toResourceQuery({ connectionId, search: everyResource }), ...others] = queries;
  const current = { deleted: false };
  if (others.length === 0) return { ...only, conditions: [current, ...allConditions(only)] };
  const anyOf = { $or: queries.map((query) => ({ $and: allConditions(query) })) };
  return {
    index: '_id_',
    isObvious: false,
    conditions: [{ connectionId, _id: idsBelow(connectionId) }, current, anyOf],
  };
}

/** The query for what was changed since a time. It reads the index in which a change moves a resource to the end, so it misses none. */
export function toChangedQuery(options: Parameters<typeof toSelectionQuery>[0] & { readonly since: Date }) {
  const { conditions } = toSelectionQuery(options);
  return {
    index: 'by-changed-at',
    isObvious: false,
    conditions: [changedSince(options.since), ...conditions],
  } as const;
}

/** All conditions of a search without an order. They match a resource of two patients once. */
export function allConditions({
  conditions,
  patients,
  ofPatients = recordCondition,
}: Pick<ResourceQuery, 'conditions' | 'patients' | 'ofPatients'>): Condition[] {
  return patients ? [...conditions, ofPatients(patients)] : [...conditions];
}

/** What is in the record of one of the patients. The key is a text or an array of texts, and `$in` matches both. */
export function recordCondition(patients: readonly string[]): Condition {
  return { 'keys.patient': { $in: patients } };
}

/** What is about one of the patients. `null` matches a resource that is about all of `keys.patient`. */
export function aboutCondition(patients: readonly string[]): Condition {
  return { ...recordCondition(patients), 'keys.about': { $in: [null, ...patients] } };
}

/** What is about some of the patients, and about no others. */
export function aboutOnlyCondition(patients: readonly string[]): Condition {
  const among = { $in: patients, $not: { $elemMatch: { $nin: patients } } };
  const isAmong = { $or: [{ 'keys.about': among }, { 'keys.about': null, 'keys.patient': among }] };
  return { ...recordCondition(patients), ...isAmong };
}

/** A few patients have the same name or number, and a code is rarer than a day. */
function isSelective([token = '']: readonly string[]): boolean {
  return ['code=', 'identifier=', 'practitioner='].some((start) => token.startsWith(start));
}

function tokenCondition(anyOf: readonly string[]): Condition {
  return { 'keys.tokens': { $in: anyOf } };
}

function textConditions(anyOf: Parameters<typeof textCondition>[0]): Condition[] {
  const { tokens, ranges } = textCondition(anyOf);
  const compared = ranges.map(({ from, below }) => ({ 'keys.texts': { $elemMatch: { $gte: from, $lt: below } } }));
  return [tokenCondition(tokens), ...(compared.length > 0 ? [{ $or: compared }] : [])];
}

function presentCondition(elements: readonly string[]): Condition {
  return { $or: elements.map((element) => ({ [`resource.${element}`]: { $exists: true } })) };
}

function referenceCondition({ paths, targets }: NonNullable<ResourceSearch['references']>[number]): Condition {
  const isOneOf = { $regex: referencePattern(targets) };
  return { $or: paths.map((path) => ({ [`resource.${path}.reference`]: isOneOf })) };
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
/** Resources without a date come first. */
const byAnyDate = {
  index: 'by-date',
  order: byDate.order.map((field) => (field.type === 'instant' ? { ...field, isOptional: true } : field)),
} as const;
const byLastUpdated = {
  index: 'by-last-updated',
  order: [{ name: 'lastUpdated', type: 'instant' }, resourceId],
} as const;

/** A condition on documents, in MongoDB's query language. */
export type Condition = Readonly<Record<string, unknown>>;

/** The fields of the first and the last instant of a date in a document. For an instant it is the same field. */
interface DateFields {
  readonly start: string;
  readonly end: string;
}

interface Bounds {
  readonly from?: Date;
  readonly to?: Date;
}

/**
 * A condition that any of the criteria is met, and the bounds of `fields.end` that all of them imply, because an index can use bounds but
 * not an `$or`. Resources without a date do not match.
 */
function dateCondition(criteria: readonly DateCriterion[], fields: DateFields): Condition[] {
  const conditions = criteria.map((criterion) => compare(criterion, fields));
  const bounds = criteria.map((criterion) => boundsOfEnd(criterion, fields.start === fields.end));
  const from = bounds.map((bound) => bound.from?.getTime());
  const to = bounds.map((bound) => bound.to?.getTime());
  const range = {
    ...(from.every((time) => time !== undefined) ? { $gte: new Date(Math.min(...from)) } : {}),
    ...(to.every((time) => time !== undefined) ? { $lte: new Date(Math.max(...to)) } : {}),
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

/** The bounds that a criterion implies for the end of a resource's range, given that no range ends before it starts. */
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
