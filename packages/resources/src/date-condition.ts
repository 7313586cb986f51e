import type { DateCriterion } from '@bulkhead/fhir';

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
export function dateCondition(options: {
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
