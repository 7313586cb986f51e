import type { Condition } from './date-condition.ts';
import { type Position, pagesAfter } from './pages-after.ts';
import { type OrderField, patientCondition, type ResourceQuery } from './resource-query.ts';

/** One of the queries that, one after the other, give the matches of a search in its order. */
export interface PageQuery {
  readonly conditions: readonly Condition[];
  /** What this query is sorted by. */
  readonly order: readonly OrderField[];
  /** The values of the search's first fields, which are the same for all matches of this query. */
  readonly prefix: Position;
}

/**
 * A search by patients is a query for each patient: a resource of several patients has several entries in the index, and no planner
 * walks an index in the order of a field with several values. It is given with the first of the patients that were asked for.
 */
export function pageQueries(options: {
  readonly query: Pick<ResourceQuery, 'conditions' | 'order' | 'patients'>;
  readonly position: Position | undefined;
}): PageQuery[] {
  const { query, position } = options;
  const { conditions, patients } = query;
  if (!patients) return queriesAfter({ ...query, position, prefix: [] });
  const order = query.order.slice(1);
  const [reached, ...rest] = position ?? [];
  const first = position ? patients.indexOf(String(reached)) : 0;
  // A position of another search: there is nothing after it.
  if (first === -1) return [];
  return patients.slice(first).flatMap((patient, index) => {
    const earlier = patients.slice(0, first + index);
    return queriesAfter({
      conditions: [
        ...conditions,
        { 'keys.patient': patient },
        ...(earlier.length > 0 ? [{ $nor: [patientCondition(earlier)] }] : []),
      ],
      order,
      position: position && index === 0 ? rest : undefined,
      prefix: [patient],
    });
  });
}

function queriesAfter(options: PageQuery & { readonly position: Position | undefined }): PageQuery[] {
  const { conditions, order, position, prefix } = options;
  return pagesAfter({ order, position }).map((after) => ({ conditions: [...conditions, ...after], order, prefix }));
}
