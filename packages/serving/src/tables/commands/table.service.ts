import { createHash } from 'node:crypto';
import { anyPatient } from '@bulkhead/access/audit';
import { type Fault, invalidRequest } from '@bulkhead/base';
import { parseSearch, type Resource, type ResourceSearch, typesWithAttachments } from '@bulkhead/fhir';
import type { ResourceStore } from '@bulkhead/records';
import { type ResourceService, requestedPatients, type ShownAttachments } from '@bulkhead/records/commands';
import type { ConnectionScope } from '@bulkhead/store';
import { tableError } from '../errors.ts';
import { Budget } from '../fhirpath/budget.ts';
import { type CompiledView, compileView, invalidView } from '../view/compile-view.ts';
import type { ViewDefinition } from '../view/view-definition.ts';
import { publishedViews } from '../views.ts';
import { type TableFormat, tableFormats } from '../writers/formats.ts';
import { connectionColumn, deletedColumn, readTable } from './read-table.ts';

export interface StreamTable {
  readonly provider: string;
  /** The name of a published view, or a ViewDefinition. */
  readonly view: string | object;
  readonly connectionIds: readonly string[];
  readonly scope: ConnectionScope;
  /** Of the reader. */
  readonly keyId: string;
  /** The FHIR base URL of a connection, below which attachments whose content is stored have their URLs. */
  readonly baseOf: (connectionId: string) => string;
  readonly format: TableFormat;
  readonly quotesFormulas: boolean;
  readonly since: Date | undefined;
  /** Only the keys of what was deleted or erased since then. */
  readonly deletedOnly?: boolean;
  readonly limit: number | undefined;
  /** The FHIR search parameters of the URL. */
  readonly parameters: URLSearchParams;
  /** Of an operation of SQL on FHIR, whose tables have the columns of the view only. */
  readonly operation?: TableOperation | undefined;
  readonly signal: AbortSignal;
  readonly onFurther: (patients: readonly string[]) => Promise<void>;
}

export interface TableOperation {
  /** The resources of the table. Undefined: those that are stored. */
  readonly resources: readonly unknown[] | undefined;
  readonly hasHeader: boolean;
  /** @throws AppError if the caller may not read stored resources of the type */
  readonly checkType: (resourceType: string) => void;
}

/** A table, ready to be sent. */
export interface OpenedTable {
  readonly chunks: AsyncIterable<Buffer>;
  readonly contentType: string;
  readonly fileName: string;
  /** The requested patients, or `anyPatient` if none were requested. */
  readonly patients: readonly string[];
  /** Every earlier change is in the table. Sent as `_since` the next time, it continues there. */
  readonly until: Date;
  /** The name of the column with the id of the resource. Undefined: the view has none. */
  readonly keyColumn: string | undefined;
  readonly resourceType: string;
  /** Changes when the definition of the view changes, as a SHA-256 in hex. */
  readonly viewHash: string;
  /** The parts of your own view that are probably not meant so. */
  readonly warnings: readonly Fault[];
}

/** Makes tables of stored resources for the API. Views are compiled once. */
export class TableService {
  readonly #store;
  readonly #resources;
  readonly #shownAttachments;
  readonly #compiled = new Map<string, CompiledView>();

  constructor(options: {
    readonly store: Pick<ResourceStore, 'resourceSearch' | 'resourceChanges'>;
    readonly resources: Pick<ResourceService, 'checkConnection'>;
    readonly shownAttachments: ShownAttachments;
  }) {
    this.#shownAttachments = options.shownAttachments;
    this.#store = options.store;
    this.#resources = options.resources;
  }

  /** The published views, with their columns. */
  list() {
    return Object.entries(publishedViews).map(([name, { title, description }]) => {
      const { resourceType, columns } = this.#find(name, true);
      return { name, title, description, resourceType, columns: columns.map(({ kind: _, ...column }) => column) };
    });
  }

  /** @throws AppError `unknown-connection`, `connection-purged`, `unknown-view`, `invalid-view`, `history-expired`, `invalid-request` */
  async open(options: StreamTable): Promise<OpenedTable> {
    const {
      provider,
      connectionIds,
      scope,
      keyId,
      format,
      quotesFormulas,
      since,
      deletedOnly = false,
      limit,
      signal,
      onFurther,
      operation,
      baseOf,
    } = options;
    if (deletedOnly && !since) throw invalidRequest([{ path: 'deletedOnly', message: 'needs `_since`' }]);
    for (const connectionId of connectionIds)
      await this.#resources.checkConnection({ provider, connectionId, scope, keyId });
    // Rows of an operation have the columns of the view only, so a value that does not fit ends them.
    const rejects = operation === undefined;
    const view =
      typeof options.view === 'string' ? this.#find(options.view, rejects) : compileOwnView(options.view, rejects);
    if (operation && !operation.resources) operation.checkType(view.resourceType);
    const columns = operation ? view.columns : tableColumns(view, since);
    const search = readSearch(options, view.resourceType);
    const { resourceChanges } = this.#store;
    if (since) await resourceChanges.checkSince(since);
    const until = await resourceChanges.settledUntil();
    const requested = requestedPatients({ resourceType: view.resourceType, search });
    const shown = operation?.resources ? [] : [anyPatient];
    const patients = requested.length > 0 ? requested : shown;
    const writer = tableFormats[format].create({ columns, quotesFormulas, hasHeader: operation?.hasHeader ?? true });
    const table = {
      view,
      connectionIds: [...new Set(connectionIds)],
      resources: operation?.resources,
      show: typesWithAttachments.includes(view.resourceType)
        ? (connectionId: string, resources: readonly Resource[]) =>
            this.#shownAttachments({ connectionId, base: baseOf(connectionId), resources })
        : undefined,
      namesConnection: operation === undefined,
      search,
      since,
      deletedOnly,
      writer,
      signal,
      patients,
      onFurther,
    };
    return {
      chunks: readTable({ ...table, limit: limit ?? Number.POSITIVE_INFINITY, store: this.#store }),
      contentType: tableFormats[format].contentType,
      fileName: `${nameOf(options.view)}.${format}`,
      patients,
      until,
      keyColumn: view.columns[view.keyColumn ?? -1]?.name,
      resourceType: view.resourceType,
      viewHash: hashOf(typeof options.view === 'string' ? publishedViews[options.view] : options.view),
      warnings: typeof options.view === 'string' ? [] : await findWarnings(options.view),
    };
  }

  #find(name: string, rejects: boolean): CompiledView {
    const definition = Object.hasOwn(publishedViews, name) ? publishedViews[name] : undefined;
    if (!definition) throw tableError('unknown-view');
    const key = `${name} ${rejects}`;
    const compiled = this.#compiled.get(key) ?? compileView(definition, { rejects });
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** A view of a caller is a program, so the whole table has a budget. */
function compileOwnView(view: object, rejects: boolean): CompiledView {
  return compileView(view, { budget: new Budget({ hasTotal: true }), rejects });
}

/** @param view that was compiled */
async function findWarnings(view: object): Promise<readonly Fault[]> {
  // The elements of R4 take some MB, which only an API needs that gets views of callers.
  const { findUnknownElements } = await import('../view/unknown-elements.ts');
  return findUnknownElements(view as ViewDefinition);
}

/** @throws AppError `invalid-view` if a column of the view has the name of an added one, or if changed rows would have no key */
function tableColumns(view: CompiledView, since: Date | undefined) {
  const added = since === undefined ? [connectionColumn] : [connectionColumn, deletedColumn];
  const taken = view.columns.find(({ name }) => added.some((column) => column.name === name.toLowerCase()));
  if (taken)
    throw invalidView([{ path: 'select', message: `has the column \`${taken.name}\`, which every table has already` }]);
  if (since && view.keyColumn === undefined) {
    const message =
      'needs a column with the path `getResourceKey()` at the top, because `_since` gives the keys of deleted resources';
    throw invalidView([{ path: 'select', message }]);
  }
  return [...added, ...view.columns];
}

function readSearch({ parameters, since }: StreamTable, resourceType: string): ResourceSearch {
  const names = [...new Set(parameters.keys())];
  if (since && names.length > 0) {
    const message =
      'cannot be combined with `_since`, because a resource that no longer matches would be missed. Leave one of them out';
    throw invalidRequest(names.map((path) => ({ path, message })));
  }
  const parsed = parseSearch(resourceType, parameters);
  if ('faults' in parsed) throw invalidRequest(parsed.faults);
  return parsed.request.search;
}

function hashOf(view: unknown): string {
  return createHash('sha256').update(JSON.stringify(view)).digest('hex');
}

/** The name of a view as a file name. */
function nameOf(view: string | object): string {
  if (typeof view === 'string') return view;
  const { name } = view as { readonly name?: unknown };
  return typeof name === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(name) ? name : 'table';
}
