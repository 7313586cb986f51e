import { ExactNumber } from '@bulkhead/fhir';
import { tableError } from '../errors.ts';
import { type Budget, BudgetError } from '../fhirpath/budget.ts';
import { type Collection, isElement, itemsOf } from '../fhirpath/collections.ts';
import type { Evaluate, Scope } from '../fhirpath/compiled.ts';
import { EvaluationError } from '../fhirpath/expression-error.ts';
import { type Cell, type TableColumn, toCellValue } from './column-type.ts';
import type { SelectPlan } from './select-plan.ts';

export type Row = readonly Cell[];

/**
 * Makes the rows of a resource. With rejects, a value that cannot be in its column is null, and the last cell of its row has the reason.
 * @throws AppError `view-failed` or `view-too-costly` that names the resource
 */
export type RowMaker = (resource: unknown) => Row[];

/*
 * A row is filled from left to right, column by column. Every select has a step, which fills its columns and then calls the step after it,
 * once for each of its items. The last step stores the row:
 *
 *     columns --> forEach name --> forEach telecom --> store
 *                  (2 names)        (3 telecoms)       (6 rows)
 */
type Step = () => void;

/** What all steps share: the row that is being filled, and the items of the selects around. */
interface Work {
  readonly row: Cell[];
  /** By slot. Each loop has a slot, and slot 0 has the resource. */
  readonly nodes: unknown[];
  readonly scopes: Scope[];
  /** The column that is being computed, for messages. */
  column: number;
  /** By column: why it has no value in this row. Undefined: such a value has no row. */
  readonly reasons: Map<number, string> | undefined;
  readonly budget: Budget;
}

interface RowMakerOptions {
  readonly resourceType: string;
  readonly columns: readonly TableColumn[];
  readonly where: readonly Evaluate[];
  readonly selects: readonly SelectPlan[];
  readonly budget: Budget;
  readonly keyColumn: number | undefined;
  /** Whether the last column has the reasons of missing values. */
  readonly hasRejects: boolean;
}

export function createRowMaker(options: RowMakerOptions): RowMaker {
  const { resourceType, columns, where, selects, budget, keyColumn, hasRejects } = options;
  const reasons = hasRejects ? new Map<number, string>() : undefined;
  const work: Work = {
    row: columns.map(() => null),
    nodes: [],
    scopes: [{ rowIndex: 0, resource: undefined, budget }],
    column: -1,
    reasons,
    budget,
  };
  let rows: Row[] = [];
  const rejectsOfRow = () => [...(reasons ?? [])].map(([index, reason]) => reject(columns[index]?.name, reason));
  const store = () => {
    work.column = -1;
    budget.spend(columns.length);
    const row = [...work.row];
    if (reasons && reasons.size > 0) row[columns.length - 1] = rejectsOfRow();
    rows.push(row);
  };
  const start = chain({ plans: selects, slot: 0, next: store, work, columns });
  return (resource) => {
    rows = [];
    if (!isElement(resource) || resource.resourceType !== resourceType) return rows;
    work.column = -1;
    try {
      budget.startResource();
      for (const scope of work.scopes) scope.resource = resource;
      if (!where.every((condition) => isTrue(condition(resource, work.scopes[0] as Scope)))) return rows;
      work.nodes[0] = resource;
      start();
      return rows;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      // A view of a caller is refused if it costs too much.
      const isRefused = error instanceof BudgetError && budget.hasTotal;
      if (!hasRejects || isRefused) throw viewFailed({ error, resource, column: columns[work.column]?.name });
      const keyOf = (index: number): Cell => (index === keyColumn ? String(resource.id) : null);
      const cells = columns.slice(0, -1).map((_, index) => keyOf(index));
      return [[...cells, [reject(undefined, error.message)]]];
    } finally {
      reasons?.clear();
    }
  };
}

/** Why a row has no value in a column. @param column undefined if the resource has no rows at all */
export function reject(column = '*', reason: string): string {
  return `${column}: ${reason}`;
}

function isTrue(value: Collection): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new EvaluationError('A condition of `where` is not a boolean.');
}

/** @param options.column undefined if the resource has no row because of `where` or `forEach` */
export function viewFailed(options: {
  readonly error: EvaluationError;
  readonly resource: unknown;
  readonly column: string | undefined;
}) {
  const { error, resource, column } = options;
  const { resourceType = '', id = '' } = (resource ?? {}) as { readonly resourceType?: string; readonly id?: string };
  const subject = column === undefined ? 'The rows' : `The column \`${column}\``;
  // Messages are logged, and no log has the id of a patient.
  const named = resourceType === 'Patient' ? 'a Patient, whose id is in `details`,' : `${resourceType}/${id}`;
  const remedy =
    error instanceof BudgetError
      ? 'Combine fewer lists, or make shorter texts.'
      : 'Change the view, or correct the resource at the EHR and import it again.';
  const message = `${subject} of ${named} cannot be computed. ${error.message} ${remedy}`;
  const code = error instanceof BudgetError ? 'view-too-costly' : 'view-failed';
  return tableError(code, { message, context: { resourceType, resourceId: id, column } });
}

interface Compile {
  /** Of the items to which the select is applied. */
  readonly slot: number;
  /** What follows in the row. */
  readonly next: Step;
  readonly work: Work;
  readonly columns: readonly TableColumn[];
}

/** The steps of selects beside each other: every row of one is combined with every row of the next. */
function chain({ plans, next, ...options }: Compile & { readonly plans: readonly SelectPlan[] }): Step {
  return plans.toReversed().reduce((after, plan) => toStep({ ...options, plan, next: after }), next);
}

function toStep({ plan, slot, next, work, columns }: Compile & { readonly plan: SelectPlan }): Step {
  const inner =
    plan.loop === undefined ? slot : work.scopes.push({ rowIndex: 0, resource: undefined, budget: work.budget }) - 1;
  const union = plan.unionAll.map((branch) => toStep({ plan: branch, slot: inner, next, work, columns }));
  const afterSelects = union.length === 0 ? next : () => runAll(union);
  const afterColumns = chain({ plans: plan.selects, slot: inner, next: afterSelects, work, columns });
  const fill = plan.columns.map(({ index, evaluate }) =>
    toFill({ index, evaluate, column: columns[index] as TableColumn, slot: inner, work }),
  );
  const body = () => {
    work.budget.spend(1);
    runAll(fill);
    afterColumns();
  };
  if (plan.loop === undefined) return body;
  const { loop } = plan;
  const visit = (node: unknown, rowIndex: number) => {
    work.nodes[inner] = node;
    (work.scopes[inner] as Scope).rowIndex = rowIndex;
    body();
  };
  const read = (evaluate: Evaluate) => {
    work.column = -1;
    return itemsOf(evaluate(work.nodes[slot], work.scopes[slot] as Scope));
  };
  if (loop.kind === 'repeat')
    return () => repeat({ paths: loop.paths, node: work.nodes[slot], scope: work.scopes[slot] as Scope, visit });
  const fillNull = toNullRow({ plan, inner, work });
  return () => {
    const items = read(loop.evaluate);
    items.forEach(visit);
    if (items.length > 0 || loop.kind === 'forEach') return;
    fillNull();
    next();
  };
}

function runAll(steps: readonly Step[]): void {
  for (const step of steps) step();
}

function toFill({
  index,
  evaluate,
  column,
  slot,
  work,
}: {
  readonly index: number;
  readonly evaluate: Evaluate;
  readonly column: TableColumn;
  readonly slot: number;
  readonly work: Work;
}): Step {
  const { row, nodes, scopes, budget, reasons } = work;
  const { type, isCollection } = column;
  const toCell = (item: unknown) => {
    const cell = toCellValue(item, type);
    budget.spendText(typeof cell === 'string' ? cell.length : cell instanceof ExactNumber ? cell.text.length : 1);
    return cell;
  };
  const read = (): Cell => {
    const value = evaluate(nodes[slot], scopes[slot] as Scope);
    if (isCollection) return itemsOf(value).map(toCell);
    if (value === undefined) return null;
    if (Array.isArray(value)) throw new EvaluationError(`It has ${value.length} values where one is allowed.`);
    return toCell(value);
  };
  return () => {
    work.column = index;
    reasons?.delete(index);
    try {
      row[index] = read();
    } catch (error) {
      if (!reasons || !(error instanceof EvaluationError) || error instanceof BudgetError) throw error;
      row[index] = null;
      reasons.set(index, error.message);
    }
  };
}

/** The row of `forEachOrNull` without items: every column is null, and `%rowIndex` is 0. */
function toNullRow({
  plan,
  inner,
  work,
}: {
  readonly plan: SelectPlan;
  readonly inner: number;
  readonly work: Work;
}): Step {
  const { first, end } = plan.range;
  const counted = plan.columns.filter(({ readsRowIndex }) => readsRowIndex);
  return () => {
    work.budget.spend(end - first);
    for (let index = first; index < end; index++) {
      work.row[index] = null;
      work.reasons?.delete(index);
    }
    const scope = work.scopes[inner] as Scope;
    scope.rowIndex = 0;
    for (const { index, evaluate } of counted)
      work.row[index] = (evaluate(undefined, scope) as Cell | undefined) ?? null;
  };
}

/** Visits the items of the paths, then those of each item, to any depth. */
function repeat({
  paths,
  node,
  scope,
  visit,
}: {
  readonly paths: readonly Evaluate[];
  readonly node: unknown;
  readonly scope: Scope;
  readonly visit: (node: unknown, rowIndex: number) => void;
}): void {
  let count = 0;
  const visitChildren = (parent: unknown) => {
    for (const path of paths) {
      for (const child of itemsOf(path(parent, scope))) {
        // Only elements inside of the parent, so that every path ends.
        if (!isElement(child) || child === parent)
          throw new EvaluationError('A path of `repeat` must lead to elements inside of the current one.');
        visit(child, count++);
        visitChildren(child);
      }
    }
  };
  visitChildren(node);
}
