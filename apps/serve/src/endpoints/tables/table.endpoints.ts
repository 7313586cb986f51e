import { invalidRequest, parseRequest } from '@bulkhead/base';
import { parseFhirJson } from '@bulkhead/fhir';
import { apiError, endpointGroup, tableActions } from '@bulkhead/http';
import { instant, page } from '@bulkhead/http/schemas';
import { formatNames, tableFormats } from '@bulkhead/serving/tables';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { type Request, raw } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { searchCriteria } from '../resources/search-resources.endpoint.ts';
import { sendTable } from './send-table.ts';
import { tableExample, tableListExample, tableViewSchema, viewExample } from './table.examples.ts';

/** Each connection is read after the other, and a URL of 16 KB has no space for more. */
const maxConnections = 200;

const ownQuerySchema = z.strictObject({
  connectionId: z
    .union([z.string().min(1).max(100), z.array(z.string().min(1).max(100)).max(maxConnections)])
    .describe('The connection whose resources are read. Repeat it for several: the column `connection_id` says which.'),
  format: z.enum(formatNames).default('ndjson').describe('`parquet`, `csv`, `ndjson`, or `json`: one array.'),
  _since: instant
    .optional()
    .describe(
      'Only the rows of resources that were stored here at this time or later, and the keys of those without rows. To continue, send the header `X-Table-Until` of the last answer.',
    ),
  deletedOnly: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      'With `_since`: only the keys of what was deleted or erased since then. No row is computed, so they can be read while a view cannot.',
    ),
  _limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('The table ends after so many rows, and has no header `X-Table-Until`, because it may not be complete.'),
  quoteFormulas: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      "Whether a CSV has a `'` before texts that a spreadsheet would run as a formula. Programs would read the `'` as a part of the text.",
    ),
});
const tableQuerySchema = ownQuerySchema.extend(searchCriteria);

const answers = {
  200: {
    description: 'The table, as it is made. It is complete only if the connection is not closed before its end',
    contentType: tableFormats.ndjson.contentType,
    example: tableExample,
  },
};

const errors = [
  'unknown-connection',
  'connection-purged',
  'history-expired',
  'search-too-costly',
  'invalid-view',
  'view-failed',
  'view-too-costly',
] as const;

const listTables = defineEndpoint({
  id: 'listTables',
  route: 'GET /api/ehr/:provider/tables',
  action: tableActions.list,
  summary: 'List the published views, with a sentence about each column',
  description:
    'Returns the views that can be read as tables by their name. Their columns have the names of the input layer of the Tuva project where it has them. Their source is in packages/serving/src/tables/views. Use it as a starting point for your own views.',
  request: { query: shortListQuery },
  responses: { 200: page('The views', { item: tableViewSchema, example: tableListExample }) },
  handler({ query, services }) {
    const { items, next } = pageOf(services.tables.list(), query);
    return { data: items, next };
  },
});

const readTable = defineEndpoint({
  id: 'readTable',
  route: 'GET /api/ehr/:provider/tables/:view',
  action: tableActions.search,
  summary: 'Read the stored resources as a table, through a published view',
  description:
    'Makes rows of stored resources while they are sent, as Parquet, CSV, NDJSON or JSON. Nothing is sent to the EHR. Every number keeps its digits. A value that its column cannot hold is null, and the column `rejects` of its row has the reason. docs/tables.md describes views, formats, and how to keep a copy current with `_since`. Every read is an event of the audit log.',
  request: { searchQuery: tableQuerySchema, readBody: 'never' },
  responses: answers,
  errors: [...errors, 'unknown-view'],
  handler: (input) => sendTable(input, { ...readQuery(input.request), ...input.params }),
});

/** Larger than any view of people. */
export const maxViewBytes = '100kb';

const readViewTable = defineEndpoint({
  id: 'readViewTable',
  route: 'POST /api/ehr/:provider/tables',
  action: tableActions.search,
  summary: 'Read the stored resources as a table, through your own view',
  description:
    'Takes a ViewDefinition of SQL on FHIR and answers like the published views. Every fault of the view is reported with its place, before anything is sent. Elements that FHIR R4 does not have are empty columns: the header `X-Table-Warnings` lists up to 10 of them as JSON, each with its `path` in the view and a `message`. Nothing is stored.',
  request: {
    searchQuery: tableQuerySchema,
    body: {
      description: 'A ViewDefinition of at most 100 kB.',
      contentType: 'application/fhir+json',
      example: viewExample,
    },
    // Bytes and not JSON: parsing would change the text of numbers.
    readBody: raw({ type: () => true, limit: maxViewBytes }),
  },
  responses: answers,
  errors,
  handler(input) {
    const view = readViewJson(input.request.body);
    return sendTable(input, { ...readQuery(input.request), ...input.params, view });
  },
});

/** The selects of a view can be nested, each in a list. The parameters around it have a few more levels. */
const maxViewDepth = 60;

/** @throws AppError `not-json` */
export function readViewJson(body: unknown): object {
  try {
    const { value } = parseFhirJson(Buffer.isBuffer(body) ? body : Buffer.alloc(0), { maxDepth: maxViewDepth });
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw apiError('not-json', { cause });
  }
  throw apiError('not-json');
}

function readQuery(request: Request) {
  const { searchParams: parameters } = new URL(request.originalUrl, 'http://localhost');
  const own = Object.fromEntries(
    Object.keys(ownQuerySchema.shape).flatMap((name) => {
      const values = parameters.getAll(name);
      parameters.delete(name);
      if (values.length === 0) return [];
      return [[name, values.length === 1 ? values[0] : values]];
    }),
  );
  const unknown = [...new Set(parameters.keys())].filter(
    (name) => !Object.hasOwn(searchCriteria, name.split(':')[0] ?? ''),
  );
  if (unknown.length > 0) {
    const message = `is not a parameter of tables. Supported parameters: ${Object.keys(tableQuerySchema.shape).join(', ')}`;
    throw invalidRequest(unknown.map((path) => ({ path, message })));
  }
  const query = parseRequest(ownQuerySchema, own);
  return {
    connectionIds: [...new Set([query.connectionId].flat())],
    format: query.format,
    since: query._since === undefined ? undefined : new Date(query._since),
    deletedOnly: query.deletedOnly === 'true',
    limit: query._limit,
    quotesFormulas: query.quoteFormulas === 'true',
    parameters,
  };
}

export const tableEndpoints = endpointGroup({
  name: 'Tables',
  description: 'The stored resources as tables, by views of SQL on FHIR. See docs/tables.md.',
  endpoints: [listTables, readTable, readViewTable],
});
