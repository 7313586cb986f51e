import { invalidRequest, parseRequest } from '@bulkhead/base';
import { isResourceType, pageParameterNames, whyNotResourceType } from '@bulkhead/fhir';
import { type Caller, resourceActions } from '@bulkhead/http';
import { instant } from '@bulkhead/http/schemas';
import { resourceError } from '@bulkhead/records';
import { recordTypes } from '@bulkhead/records/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { fhirJson, pageCount, pageCursor, resourceSchema, sendFhir } from '../resources/fhir-answers.ts';
import { searchsetExample, searchsetSchema } from '../resources/search-resources.endpoint.ts';
import {
  base,
  checkAccepts,
  checkScope,
  fhirEndpoint,
  formatShape,
  isAllowed,
  selfOf,
  withoutFormat,
} from './fhir-request.ts';
import { bundleErrors, pageOf, search, searchQuery, sendPage, sendResource } from './read.endpoints.ts';

const responses = {
  200: { description: 'A page of matches', schema: searchsetSchema, contentType: fhirJson, example: searchsetExample },
};
const errors = [...bundleErrors, 'resource-deleted', 'search-too-costly'] as const;

const recordQuery = z.strictObject({
  ...formatShape,
  _since: instant.optional().describe('Only what was stored here at this time or later. Default: all.'),
  _type: z.string().min(1).max(2000).optional().describe('Only these types, separated by commas. Default: all.'),
  _count: pageCount.default(100).describe('The number of resources on the page, without those that are added.'),
  _cursor: pageCursor,
});

export const searchFhirRecord = defineEndpoint({
  id: 'searchFhirRecord',
  route: `GET ${base}/:compartment/:id/:type`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Search resources of a type in the record of a patient, for FHIR clients',
  description:
    'The search of the type, limited to the compartment of the patient: `Patient/p1/Observation?code=...`. `Patient/p1/*` is the whole compartment, with the parameters of `$everything`, and without resources that are added. `Patient` is the only compartment. A patient that is not stored here is 404, and a deleted one 410. If the scopes of the token do not cover Patient, both have no matches.',
  request: { searchQuery, readBody: 'never' },
  responses,
  errors,
  async handler(input) {
    const { params, audit } = input;
    const { compartment, id, type } = params;
    if (compartment !== 'Patient')
      throw resourceError('unknown-resource', {
        message: 'Only patients have a compartment here, such as Patient/p1/Observation. Verify the URL.',
      });
    if (type === '*') {
      const query = parseRequest(recordQuery, Object.fromEntries(selfOf(input).searchParams));
      return sendRecord(input, { query, mayInclude: () => false });
    }
    audit.addPatients([id]);
    const patient = { id, showsAbsence: showsAbsence(input) };
    await search(input, new URLSearchParams(selfOf(input).search), { patient });
  },
});

/** Whether the caller may learn that a patient is not stored. Ids of patients could be tried otherwise. */
function showsAbsence({ caller }: { readonly caller: Caller }): boolean {
  return isAllowed(caller, 'Patient', 'r') || isAllowed(caller, 'Patient', 's');
}

export const readFhirEverything = defineEndpoint({
  id: 'readFhirEverything',
  route: `GET ${base}/Patient/:id/$everything`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Read the record of a patient, for FHIR clients',
  description:
    'Returns a page of the compartment of the patient as a searchset Bundle: the Patient, and then one type after the other, each in the order of its dates. What the resources of the page refer to outside of the records of patients, such as practitioners, is added with `search.mode` `include`, at most 1000 resources a page. Types that the scopes of the token do not cover are left out.',
  request: { query: recordQuery, readBody: 'never' },
  responses,
  errors,
  handler: (input) => sendRecord(input, { ...input, mayInclude: (type) => isAllowed(input.caller, type, 'r') }),
});

type RecordInput = Parameters<typeof search>[0] & { readonly params: { readonly id: string } };

async function sendRecord(
  input: Omit<RecordInput, 'params'> & { readonly params: Omit<RecordInput['params'], 'type'> },
  {
    query,
    mayInclude,
  }: { readonly query: z.output<typeof recordQuery>; readonly mayInclude: (type: string) => boolean },
): Promise<void> {
  const { params, caller, services, audit } = input;
  const { provider, connectionId, id: resourceId } = params;
  audit.addPatients([resourceId]);
  const requested = query._type === undefined ? recordTypes : readTypes(query._type);
  const resourceTypes = requested.filter((type) => isAllowed(caller, type, 's'));
  // The message names the scopes of the token.
  if (resourceTypes.length === 0) checkScope(caller, requested[0] ?? 'Patient', 's');
  const everything = services.resources.everything({
    provider,
    connectionId,
    scope: caller.scope,
    resourceId,
    resourceTypes,
    since: query._since === undefined ? undefined : new Date(query._since),
    count: query._count,
    cursor: query._cursor,
    mayInclude,
    showsAbsence: showsAbsence(input),
    ...pageOf(input),
  });
  await sendPage(input, everything, audit);
}

/** @throws AppError `invalid-request` for a type that is not a part of records */
function readTypes(text: string): readonly string[] {
  const types = [...new Set(text.split(','))];
  const faults = types.flatMap((type) => {
    if (!isResourceType(type)) return [`lists a type that does not exist: ${whyNotResourceType(type)}`];
    return recordTypes.includes(type) ? [] : [`lists ${type}, which is not a part of the records of patients`];
  });
  if (faults.length > 0) throw invalidRequest(faults.slice(0, 20).map((message) => ({ path: '_type', message })));
  return types;
}

export const readFhirGroup = defineEndpoint({
  id: 'readFhirGroup',
  route: `GET ${base}/Group/:id`,
  ...fhirEndpoint,
  action: resourceActions.read,
  summary: 'Read a group, for FHIR clients',
  description:
    'The group of all patients of a connection has the id of the connection, and is the one that `Group/{id}/$export` exports. It has no list of its members, which would be the whole practice: search Patient. Other groups are those that are stored.',
  request: { query: z.strictObject(formatShape), readBody: 'never' },
  responses: {
    200: {
      description: 'The group of the connection, or a stored one',
      schema: resourceSchema,
      contentType: fhirJson,
      example: { resourceType: 'Group', id: 'conn_1', type: 'person', actual: true },
    },
    304: { description: 'The resource is unchanged' },
  },
  errors: [...bundleErrors, 'resource-deleted', 'connection-purged'],
  async handler(input) {
    const { params, caller, services, audit, request, response } = input;
    const { provider, connectionId, id } = params;
    if (id !== connectionId) return sendResource({ ...input, params: { ...params, type: 'Group' } });
    checkAccepts(request, [fhirJson, 'application/json']);
    checkScope(caller, 'Group', 'r');
    await services.resources.checkConnection({ provider, connectionId, scope: caller.scope, keyId: caller.apiKey.id });
    sendFhir({ text: groupOf(connectionId), patients: [] }, { audit, response });
  },
});

/** The group of all patients of a connection, as JSON. */
function groupOf(connectionId: string): string {
  return JSON.stringify({
    resourceType: 'Group',
    id: connectionId,
    active: true,
    type: 'person',
    // The members are persons, and not a description of persons. They are not listed.
    actual: true,
    name: 'All patients of this connection',
  });
}

export const searchFhirGroups = defineEndpoint({
  id: 'searchFhirGroups',
  route: `GET ${base}/Group`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Search groups, for FHIR clients',
  description:
    'The search of the type, whose first page begins with the group of all patients of the connection, unless the search has criteria other than its `_id`.',
  request: { searchQuery, readBody: 'never' },
  responses,
  errors,
  async handler(input) {
    const { connectionId } = input.params;
    const sent = new URLSearchParams(selfOf(input).search);
    const criteria = [...withoutFormat(sent).keys()].filter((name) => !pageParameterNames.includes(name));
    const isWanted =
      criteria.every((name) => name === '_id') && (sent.get('_id') ?? connectionId).split(',').includes(connectionId);
    const fullUrl = `${pageOf(input).base}/Group/${connectionId}`;
    const entry = `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${groupOf(connectionId)},"search":{"mode":"match"}}`;
    const withGroup =
      sent.get('_summary') === 'count' ? countOneMore : (page: string) => addEntry(countOneMore(page), entry);
    const params = { ...input.params, type: 'Group' };
    await search({ ...input, params }, sent, { change: isWanted && !sent.has('_cursor') ? withGroup : undefined });
  },
});

/** The text of a page is changed, because parsing would change the text of numbers. Quotes in texts of JSON are escaped. */
function addEntry(page: string, entry: string): string {
  const begin = ',"entry":[';
  const at = page.indexOf(begin);
  if (at === -1) return `${page.slice(0, -1)}${begin}${entry}]}`;
  return `${page.slice(0, at)}${begin}${entry},${page.slice(at + begin.length)}`;
}

function countOneMore(page: string): string {
  return page.replace(/"total":(\d+)/, (_, total) => `"total":${Number(total) + 1}`);
}
