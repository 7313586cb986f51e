import type { ResourceSearch } from '@bulkhead/fhir';
import { idsBelow } from '@bulkhead/store';
import { type Condition, dateCondition } from './date-condition.ts';
import type { resourceIndexes } from './resource-indexes.ts';

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
