import { isResourceType, whyNotResourceType } from '@bulkhead/fhir';
import type { z } from 'zod';
import { tableError } from '../errors.ts';
import { compileExpression } from '../fhirpath/compile.ts';
import type { Compiled, Constant } from '../fhirpath/compiled.ts';
import { ExpressionError } from '../fhirpath/expression-error.ts';
import { type ColumnKind, columnKind, columnTypes, readColumnType } from './column-type.ts';
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

export interface TableColumn {
  readonly name: string;
  /** The type in FHIR. */
  readonly type: string;
  readonly kind: ColumnKind;
  readonly isCollection: boolean;
  readonly description: string;
}

export interface CompiledView {
  /** The type of the resources that it reads. */
  readonly resourceType: string;
  readonly columns: readonly TableColumn[];
  /** The position of the column that holds the id of the resource. */
  readonly keyColumn: number | undefined;
  /** Makes the rows of a resource. */
  readonly rows: RowMaker;
}

interface ViewFault {
  /** The place in the view, such as `select.0.column.1.path`. */
  readonly path: string;
  readonly message: string;
}

/** A table of a thousand columns is a mistake, and each costs memory in a row group. */
const maxColumns = 500;

/** Compiles a view. @throws AppError `invalid-view` with every fault and its place */
export function compileView(definition: unknown): CompiledView {
  const { select } = (definition ?? {}) as { readonly select?: unknown };
  if (Array.isArray(select) && isTooDeep(select))
    throw invalidView([{ path: 'select', message: 'is nested too deeply' }]);
  const parsed = viewDefinitionSchema.safeParse(definition);
  if (!parsed.success) throw invalidView(parsed.error.issues.map(toFault));
  const view = parsed.data;
  const faults: ViewFault[] = [];
  if (!isResourceType(view.resource)) faults.push({ path: 'resource', message: whyNotResourceType(view.resource) });
  const compiler = new ViewCompiler(faults, readConstants(view, faults));
  const selects = view.select.map((member, index) => compiler.select(member, `select.${index}`));
  const where = (view.where ?? []).map(({ path }, index) => compiler.expression(path, `where.${index}.path`).evaluate);
  compiler.checkNames();
  if (compiler.columns.length === 0 && faults.length === 0)
    faults.push({ path: 'select', message: 'must have at least one column' });
  if (faults.length > 0) throw invalidView(faults);
  const { columns, keyColumn } = compiler;
  return {
    resourceType: view.resource,
    columns,
    keyColumn,
    rows: createRowMaker({ ...compiler, resourceType: view.resource, where, selects }),
  };
}

function toFault({ path, message }: z.core.$ZodIssue): ViewFault {
  return { path: path.join('.'), message };
}

function invalidView(faults: readonly ViewFault[]) {
  const [first, ...others] = faults;
  const context = { context: { details: faults } };
  if (!first || others.length > 0) return tableError('invalid-view', context);
  const subject = first.path === '' ? 'The view' : `\`${first.path}\` of the view`;
  const message = `${subject} is not valid: ${first.message.replace(/\.$/, '')}. Correct it and send it again.`;
  return tableError('invalid-view', { message, ...context });
}

function readConstants({ constant = [] }: ViewDefinition, faults: ViewFault[]): ReadonlyMap<string, Constant> {
  const constants = new Map<string, Constant>();
  constant.forEach((member, index) => {
    if (constants.has(member.name)) faults.push({ path: `constant.${index}.name`, message: 'occurs more than once' });
    constants.set(member.name, readConstant(member));
  });
  return constants;
}

const keyPaths = ['id', 'getResourceKey()', '$this.id'];

/** Collects columns and faults while it compiles the selects of a view. */
class ViewCompiler {
  readonly columns: TableColumn[] = [];
  keyColumn: number | undefined;
  readonly #paths: string[] = [];
  readonly #faults: ViewFault[];
  readonly #constants: ReadonlyMap<string, Constant>;

  constructor(faults: ViewFault[], constants: ReadonlyMap<string, Constant>) {
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

  /** @param isOfResource whether its columns are computed from the resource itself */
  select(select: ViewSelect, path: string, isOfResource = true): SelectPlan {
    const { forEach, forEachOrNull, repeat } = select;
    const loops = Object.entries({ forEach, forEachOrNull, repeat }).filter(([, value]) => value !== undefined);
    if (loops.length > 1)
      this.#fault(path, `has ${loops.map(([name]) => `\`${name}\``).join(' and ')}, but can have only one of them`);
    const isHere = isOfResource && loops.length === 0;
    const first = this.columns.length;
    const columns = (select.column ?? []).map((column, index) => {
      const place = `${path}.column.${index}`;
      const compiled = this.expression(column.path, `${place}.path`);
      this.#addColumn(column, {
        place,
        inferred: compiled.type,
        isKey: isHere && keyPaths.includes(column.path.trim()),
      });
      return {
        index: this.columns.length - 1,
        evaluate: compiled.evaluate,
        readsRowIndex: column.path.includes('%rowIndex'),
      };
    });
    const selects = (select.select ?? []).map((nested, index) =>
      this.select(nested, `${path}.select.${index}`, isHere),
    );
    const unionAll = this.#union(select.unionAll ?? [], `${path}.unionAll`);
    return {
      loop: this.#loop({ forEach, forEachOrNull, repeat }, path),
      ...{ columns, selects, unionAll },
      range: { first, end: this.columns.length },
    };
  }

  /** Every branch has the columns of the first one. */
  #union(branches: readonly ViewSelect[], path: string): readonly SelectPlan[] {
    const start = this.columns.length;
    let columns: readonly TableColumn[] | undefined;
    const plans = branches.map((branch, index) => {
      this.columns.length = start;
      this.#paths.length = start;
      const plan = this.select(branch, `${path}.${index}`, false);
      const ofBranch = this.columns.slice(start);
      columns ??= ofBranch;
      if (describe(columns) !== describe(ofBranch))
        this.#fault(
          `${path}.${index}`,
          `has the columns ${describe(ofBranch)}, but the first branch has ${describe(columns)}`,
        );
      return plan;
    });
    // A fault in a branch must not change the columns.
    if (columns) this.columns.splice(start, this.columns.length, ...columns);
    return plans;
  }

  #loop(
    { forEach, forEachOrNull, repeat }: Pick<ViewSelect, 'forEach' | 'forEachOrNull' | 'repeat'>,
    path: string,
  ): SelectPlan['loop'] {
    if (forEach !== undefined)
      return { kind: 'forEach', evaluate: this.expression(forEach, `${path}.forEach`).evaluate };
    if (forEachOrNull !== undefined)
      return { kind: 'forEachOrNull', evaluate: this.expression(forEachOrNull, `${path}.forEachOrNull`).evaluate };
    if (repeat === undefined) return undefined;
    const paths = repeat.map((text, index) => this.expression(text, `${path}.repeat.${index}`).evaluate);
    return { kind: 'repeat', paths };
  }

  #addColumn(
    column: ViewColumn,
    {
      place,
      inferred,
      isKey,
    }: { readonly place: string; readonly inferred: string | undefined; readonly isKey: boolean },
  ): void {
    const { name, collection = false, description = '' } = column;
    const type =
      readColumnType(column.type ?? inferred ?? 'string') ?? (column.type === undefined ? 'string' : undefined);
    if (type === undefined) {
      const types = columnTypes.join(', ');
      this.#fault(
        `${place}.type`,
        `${JSON.stringify(column.type?.slice(0, 60))} is not a type of columns. Use one of ${types}`,
      );
    }
    if (isKey && !collection) this.keyColumn ??= this.columns.length;
    this.#paths.push(`${place}.name`);
    const known = type ?? 'string';
    this.columns.push({ name, type: known, kind: columnKind(known), isCollection: collection, description });
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
  }

  #fault(path: string, message: string): void {
    this.#faults.push({ path, message });
  }
}

function describe(columns: readonly TableColumn[]): string {
  return columns.map(({ name, type, isCollection }) => `${name} (${isCollection ? 'list of ' : ''}${type})`).join(', ');
}
