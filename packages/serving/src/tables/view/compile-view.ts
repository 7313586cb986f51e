import { type Fault, sentence, validate } from '@bulkhead/base';
import { FaultList, isResourceType, whyNotResourceType } from '@bulkhead/fhir';
import { tableError } from '../errors.ts';
import { Budget } from '../fhirpath/budget.ts';
import { compileExpression } from '../fhirpath/compile.ts';
import type { Compiled, Constant } from '../fhirpath/compiled.ts';
import { ExpressionError } from '../fhirpath/expression-error.ts';
import { columnKind, columnTypes, readColumnType, type TableColumn } from './column-type.ts';
import { createRowMaker, type RowMaker } from './make-rows.ts';
import type { SelectPlan } from './select-plan.ts';
import {
  isTooDeep,
  readConstant,
  type ViewColumn,
  type ViewDefinition,
  type ViewSelect,
  viewDefinitionSchema,
} from './view-definition.ts';

export interface CompiledView {
  /** The type of the resources that it reads. */
  readonly resourceType: string;
  readonly columns: readonly TableColumn[];
  /** The position of the column that holds the id of the resource. */
  readonly keyColumn: number | undefined;
  /** Makes the rows of a resource. */
  readonly rows: RowMaker;
  readonly budget: Budget;
  /** Whether the last column has the reasons of missing values. */
  readonly hasRejects: boolean;
}

/** A table of a thousand columns is a mistake, and each costs memory in a row group. */
const maxColumns = 500;

/** A select is some calls on the stack. Views of people have a tenth of them. */
const maxSelects = 200;

/** The column after those of a view with rejects. */
const rejectsColumn: TableColumn = {
  name: 'rejects',
  type: 'string',
  kind: 'text',
  isCollection: true,
  description: 'The columns that are empty because they cannot hold the value of the resource, each with the reason.',
};

/**
 * Compiles a view.
 * @param options.budget what its rows may cost. Default: each resource has a budget, and the table has none
 * @param options.rejects whether a value that cannot be in its column is null, with a reason in a column `rejects`. Otherwise it is an error
 * @throws AppError `invalid-view` with its faults and their places
 */
export function compileView(
  definition: unknown,
  options: { readonly budget?: Budget; readonly rejects?: boolean } = {},
): CompiledView {
  const { budget = new Budget({ hasTotal: false }), rejects: hasRejects = false } = options;
  const { select } = (definition ?? {}) as { readonly select?: unknown };
  if (Array.isArray(select) && isTooDeep(select))
    throw invalidView([{ path: 'select', message: 'is nested too deeply' }]);
  const parsed = validate(viewDefinitionSchema, definition);
  if (!parsed.isValid) throw invalidView(parsed.faults);
  const view = parsed.data;
  const faults = new FaultList<Fault>();
  if (!isResourceType(view.resource)) faults.add({ path: 'resource', message: whyNotResourceType(view.resource) });
  const compiler = new ViewCompiler(faults, readConstants(view, faults));
  const selects = view.select.map((member, index) =>
    compiler.select(member, { path: `select.${index}`, canHaveKey: true }),
  );
  const where = (view.where ?? []).map(({ path }, index) => compiler.expression(path, `where.${index}.path`).evaluate);
  const isEmpty = compiler.columns.length === 0;
  if (hasRejects) compiler.columns.push(rejectsColumn);
  compiler.checkNames();
  if (isEmpty && faults.all.length === 0) faults.add({ path: 'select', message: 'must have at least one column' });
  if (faults.all.length > 0) throw invalidView(faults.all);
  const { columns, keyColumn } = compiler;
  const { resource: resourceType } = view;
  const rows = createRowMaker({ columns, resourceType, where, selects, budget, keyColumn, hasRejects });
  return { resourceType, columns, keyColumn, rows, budget, hasRejects };
}

export function invalidView(faults: readonly Fault[]) {
  const [{ path, message } = { path: '', message: '' }, ...others] = faults;
  const subject = path === '' ? 'The view' : `\`${path}\` of the view`;
  const text =
    others.length > 0
      ? 'The view is not valid. Correct what `details` lists and send it again.'
      : `${subject} is not valid: ${sentence(message)} Correct it and send it again.`;
  return tableError('invalid-view', { message: text, context: { details: faults } });
}

function readConstants({ constant = [] }: ViewDefinition, faults: FaultList<Fault>): ReadonlyMap<string, Constant> {
  const constants = new Map<string, Constant>();
  constant.forEach((member, index) => {
    if (constants.has(member.name)) faults.add({ path: `constant.${index}.name`, message: 'occurs more than once' });
    constants.set(member.name, readConstant(member));
  });
  return constants;
}

interface Place {
  readonly path: string;
  /** Whether every row of the resource has its columns, with the same values. */
  readonly canHaveKey: boolean;
}

const keyPaths = ['id', 'getResourceKey()', '$this.id'];

/** Collects columns and faults while it compiles the selects of a view. */
class ViewCompiler {
  readonly columns: TableColumn[] = [];
  keyColumn: number | undefined;
  readonly #paths: string[] = [];
  #selects = 0;
  readonly #faults: FaultList<Fault>;
  readonly #constants: ReadonlyMap<string, Constant>;

  constructor(faults: FaultList<Fault>, constants: ReadonlyMap<string, Constant>) {
    this.#faults = faults;
    this.#constants = constants;
  }

  expression(text: string, path: string): Compiled {
    try {
      return compileExpression({ text, constants: this.#constants });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#fault(path, error.message);
      return { evaluate: () => undefined, type: undefined };
    }
  }

  select(select: ViewSelect, { path, canHaveKey }: Place): SelectPlan {
    this.#selects += 1;
    const { forEach, forEachOrNull, repeat } = select;
    const loops = Object.entries({ forEach, forEachOrNull, repeat }).filter(([, value]) => value !== undefined);
    if (loops.length > 1)
      this.#fault(path, `has ${loops.map(([name]) => `\`${name}\``).join(' and ')}, but can have only one of them`);
    const inner = { canHaveKey: canHaveKey && loops.length === 0 };
    const first = this.columns.length;
    const columns = (select.column ?? []).map((column, index) =>
      this.#column(column, { ...inner, path: `${path}.column.${index}` }),
    );
    const selects = (select.select ?? []).map((nested, index) =>
      this.select(nested, { ...inner, path: `${path}.select.${index}` }),
    );
    const unionAll = this.#union(select.unionAll ?? [], `${path}.unionAll`);
    return { loop: this.#loop(select, path), columns, selects, unionAll, range: { first, end: this.columns.length } };
  }

  /** Every branch has the columns of the first one. */
  #union(branches: readonly ViewSelect[], unionPath: string): readonly SelectPlan[] {
    const start = this.columns.length;
    let columns: readonly TableColumn[] | undefined;
    let expected: string | undefined;
    const plans = branches.map((branch, index) => {
      const path = `${unionPath}.${index}`;
      this.columns.length = start;
      this.#paths.length = start;
      const plan = this.select(branch, { path, canHaveKey: false });
      const ofBranch = this.columns.slice(start);
      columns ??= ofBranch;
      const actual = describe(ofBranch);
      expected ??= actual;
      if (expected !== actual) this.#fault(path, `has the columns ${actual}, but the first branch has ${expected}`);
      return plan;
    });
    // A fault in a branch must not change the columns.
    this.columns.length = start;
    for (const column of columns ?? []) this.columns.push(column);
    return plans;
  }

  #loop({ forEach, forEachOrNull, repeat }: ViewSelect, path: string): SelectPlan['loop'] {
    const compile = (text: string, name: string) => this.expression(text, `${path}.${name}`).evaluate;
    if (forEach !== undefined) return { kind: 'forEach', evaluate: compile(forEach, 'forEach') };
    if (forEachOrNull !== undefined)
      return { kind: 'forEachOrNull', evaluate: compile(forEachOrNull, 'forEachOrNull') };
    if (repeat === undefined) return undefined;
    return { kind: 'repeat', paths: repeat.map((text, index) => compile(text, `repeat.${index}`)) };
  }

  #column(column: ViewColumn, { path, canHaveKey }: Place): SelectPlan['columns'][number] {
    const { name, collection: isCollection = false, description = '' } = column;
    const { evaluate, type: inferred = 'string' } = this.expression(column.path, `${path}.path`);
    const stated = column.type === undefined ? undefined : readColumnType(column.type);
    if (column.type !== undefined && stated === undefined) {
      const shown = JSON.stringify(column.type.slice(0, 60));
      this.#fault(`${path}.type`, `${shown} is not a type of columns. Use one of ${columnTypes.join(', ')}`);
    }
    const type = stated ?? readColumnType(inferred) ?? 'string';
    const index = this.columns.length;
    if (canHaveKey && !isCollection && keyPaths.includes(column.path.trim())) this.keyColumn ??= index;
    this.#paths.push(`${path}.name`);
    this.columns.push({ name, type, kind: columnKind(type, column.tag), isCollection, description });
    return { index, evaluate, readsRowIndex: column.path.includes('%rowIndex') };
  }

  /** Databases do not distinguish capital letters in names. */
  checkNames(): void {
    const names = new Set<string>();
    this.columns.forEach(({ name }, index) => {
      const plain = name.toLowerCase();
      if (names.has(plain)) this.#fault(this.#paths[index] ?? 'select', `\`${name}\` is the name of another column`);
      names.add(plain);
    });
    if (this.columns.length > maxColumns) this.#fault('select', `has more than ${maxColumns} columns`);
    if (this.#selects > maxSelects) this.#fault('select', `has more than ${maxSelects} parts`);
  }

  #fault(path: string, message: string): void {
    this.#faults.add({ path, message });
  }
}

function describe(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type, isCollection }) => `${name} (${isCollection ? 'list of ' : ''}${type})`).join(', ');
}
