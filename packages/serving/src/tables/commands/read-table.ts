import { setImmediate } from 'node:timers/promises';
import { anyPatient, patientsShown } from '@bulkhead/access/audit';
import type { Resource, ResourceSearch } from '@bulkhead/fhir';
import { type ResourceStore, wholeSecond } from '@bulkhead/records';
import { pagesOf } from '@bulkhead/store';
import { EvaluationError } from '../fhirpath/expression-error.ts';
import type { Cell, TableColumn } from '../view/column-type.ts';
import type { CompiledView } from '../view/compile-view.ts';
import { type Row, reject, viewFailed } from '../view/make-rows.ts';
import { CellError, type TableWriter } from '../writers/table-writer.ts';

/*
 * A table is the stream of a type's resources through a view. It is made while it is read, and nothing of it is stored:
 *
 *     MongoDB --> batch of resources --> rows of the view --> writer --> chunks --> client
 */

export interface ReadTable {
  readonly view: CompiledView;
  readonly connectionIds: readonly string[];
  /** The resources of the table. Undefined: those that are stored. */
  readonly resources: readonly unknown[] | undefined;
  /** Finds the resources of a batch that are shown with other URLs of attachments. Undefined: a type without attachments. */
  readonly show:
    | ((connectionId: string, resources: readonly Resource[]) => Promise<ReadonlyMap<Resource, Resource>>)
    | undefined;
  /** Whether the columns of the view follow `connection_id`. */
  readonly namesConnection: boolean;
  readonly search: ResourceSearch;
  /** Only what was stored since this time. Undefined: everything. */
  readonly since: Date | undefined;
  /** Only the keys of what was deleted or erased since then. No view is computed for them. */
  readonly deletedOnly: boolean;
  /** The table ends after so many rows. */
  readonly limit: number;
  readonly store: Pick<ResourceStore, 'resourceSearch' | 'resourceChanges'>;
  readonly writer: TableWriter;
  /** Aborted when the client has closed the connection. */
  readonly signal: AbortSignal;
  /** The patients that the audit event of the request names. */
  readonly patients: readonly string[];
  /** Awaited before rows that also show other patients. */
  readonly onFurther: (patients: readonly string[]) => Promise<void>;
}

/** The columns before those of the view. */
export const connectionColumn: TableColumn = {
  name: 'connection_id',
  type: 'id',
  kind: 'text',
  isCollection: false,
  description: 'The connection from which the resource came.',
};
export const deletedColumn: TableColumn = {
  name: 'is_deleted',
  type: 'boolean',
  kind: 'boolean',
  isCollection: false,
  description: 'Whether the resource has no rows any longer. Only with `_since`.',
};

/** As many as a reply of the database has. */
const batchSize = 125;

/** After this many steps of the budget, some 3 ms, other requests have a turn. A health check needs several of them. */
const stepsOfTurn = 50_000;

/** Streams a table in chunks. @throws AppError `view-failed`, `view-too-costly`, `search-too-costly` */
export async function* readTable(options: ReadTable): AsyncGenerator<Buffer> {
  const { writer, limit, view } = options;
  let remaining = limit;
  let steps = 0;
  let last: unknown;
  const counted = (chunk: Buffer) => {
    failAs({ resource: last, write: () => view.budget.write(chunk.length) });
    return chunk;
  };
  for await (const { resource, rows } of rowsOf(options)) {
    last = resource;
    steps += view.budget.spent;
    if (steps > stepsOfTurn) {
      steps = 0;
      await setImmediate();
    }
    for (const row of rows) {
      if (remaining === 0) break;
      remaining -= 1;
      failAs({ resource, write: () => addRow({ view, writer, row }) });
      const chunk = writer.take();
      if (chunk) yield counted(chunk);
    }
    if (remaining === 0) break;
  }
  yield counted(writer.end());
}

interface ResourceRows {
  readonly resource: unknown;
  readonly rows: readonly Row[];
}

function rowsOf(options: ReadTable): Iterable<ResourceRows> | AsyncIterable<ResourceRows> {
  const { resources, since, view } = options;
  if (resources) return Iterator.from(resources).map((resource) => ({ resource, rows: view.rows(resource) }));
  if (since === undefined) return currentRows(options);
  return options.deletedOnly ? deletedKeys({ ...options, since }) : changedRows({ ...options, since });
}

async function* currentRows(options: ReadTable): AsyncGenerator<ResourceRows> {
  const { view, connectionIds, namesConnection, search, store, signal, patients, onFurther } = options;
  const { resourceType } = view;
  const isOfPatients = !patients.includes(anyPatient);
  const listed = new Set(patients);
  for (const connectionId of connectionIds) {
    const before = namesConnection ? [connectionId] : [];
    for await (const batch of store.resourceSearch.streamBatches({ connectionId, resourceType, search, signal })) {
      const shown = isOfPatients ? batch.flatMap((resource) => patientsShown(resource as Resource)) : [];
      const further = [...new Set(shown)].filter((patient) => !listed.has(patient));
      if (further.length > 0) await onFurther(further);
      for (const patient of further) listed.add(patient);
      const shownAs = await options.show?.(connectionId, batch as readonly Resource[]);
      for (const resource of batch) {
        const rows = view.rows(shownAs?.get(resource as Resource) ?? resource);
        yield { resource, rows: rows.map((row) => [...before, ...row]) };
      }
    }
  }
}

/**
 * The rows of changed resources. A resource without rows, because it was deleted or because the view leaves it out, has one row with its
 * key. A copy is current if it first deletes the rows of all keys.
 */
async function* changedRows(options: ReadTable & { readonly since: Date }): AsyncGenerator<ResourceRows> {
  const { view, connectionIds, store, signal } = options;
  const { resourceType } = view;
  const since = wholeSecond(options.since.getTime());
  for (const connectionId of connectionIds) {
    // Once, because a copy inserts all rows of a key.
    const changes = store.resourceChanges.readOnce({ connectionId, resourceType, since, signal });
    for await (const batch of pagesOf(changes, batchSize)) {
      const current = batch.flatMap(({ resource, deleted }) => (deleted ? [] : [resource as Resource]));
      const shownAs = await options.show?.(connectionId, current);
      for (const { resource, resourceId, deleted } of batch) {
        const rows = deleted ? [] : view.rows(shownAs?.get(resource as Resource) ?? resource);
        const isGone = rows.length === 0;
        yield {
          resource: { resourceType, id: resourceId },
          rows: isGone ? [keyOnly(view, connectionId, resourceId)] : rows.map((row) => [connectionId, false, ...row]),
        };
      }
    }
  }
}

async function* deletedKeys(options: ReadTable & { readonly since: Date }): AsyncGenerator<ResourceRows> {
  const { view, connectionIds, store, signal } = options;
  const { resourceType } = view;
  const since = wholeSecond(options.since.getTime());
  for (const connectionId of connectionIds) {
    const types = [resourceType];
    for await (const reference of store.resourceChanges.readDeletions({ connectionId, types, since, signal })) {
      const resourceId = reference.slice(resourceType.length + 1);
      yield { resource: { resourceType, id: resourceId }, rows: [keyOnly(view, connectionId, resourceId)] };
    }
  }
}

/** The row of a resource that has no rows any longer. */
function keyOnly({ columns, keyColumn }: CompiledView, connectionId: string, resourceId: string): Row {
  return [connectionId, true, ...columns.map((_, index): Cell => (index === keyColumn ? resourceId : null))];
}

/** Adds a row. In a view with rejects, a value that the format cannot hold is null, with its reason in the last cell. @throws CellError in others */
function addRow(options: { readonly view: CompiledView; readonly writer: TableWriter; readonly row: Row }): void {
  const { view, writer, row } = options;
  try {
    writer.add(row);
  } catch (error) {
    if (!(error instanceof CellError) || !view.hasRejects) throw error;
    const { column, message } = error;
    const ofView = row.length - view.columns.length;
    const index = ofView + view.columns.findIndex(({ name }) => name === column);
    const rejects = [...((row.at(-1) as readonly string[] | null) ?? []), reject(column, message)];
    addRow({ ...options, row: [...row.slice(0, index), null, ...row.slice(index + 1, -1), rejects] });
  }
}

/** @throws AppError that names the resource if its row cannot be written */
function failAs({ resource, write }: { readonly resource: unknown; readonly write: () => void }): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw viewFailed({ error, resource, column: error instanceof CellError ? error.column : undefined });
  }
}
