import { defineActions, endpointGroup, parseJson } from '@bulkhead/http';
import { at, connectionId, page, responseWith } from '@bulkhead/http/schemas';
import {
  cohortBodySchema,
  cohortChangeSchema,
  cohortSummarySchema,
  cohortViewSchema,
  toCohortSummary,
  toCohortView,
} from '@bulkhead/imports/export/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../define-endpoint.ts';

const cohortActions = defineActions('cohort', {
  change: { keys: 'client', people: 'operator' },
  delete: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  // Its response has the ids of patients.
  read: { keys: 'client', people: 'viewer' },
  set: { keys: 'client', people: 'operator' },
});

const summaryExample = { connectionId, name: 'diabetes', createdAt: at, changedAt: at, count: 2 };
const cohortResponse = responseWith(cohortViewSchema, { ...summaryExample, patients: ['p1', 'p2'] });
/** 10,000 ids of 64 characters have 700 kB. */
const readBody = parseJson({ limit: '1mb' });
const route = '/api/ehr/connections/:id/cohorts';

const listCohorts = defineEndpoint({
  id: 'listCohorts',
  route: `GET ${route}`,
  action: cohortActions.list,
  summary: 'List the cohorts of a connection',
  description: 'Returns the named lists of patients of a connection by name, with the number of their patients.',
  request: { query: shortListQuery },
  responses: { 200: page('The cohorts by name', { item: cohortSummarySchema, example: [summaryExample] }) },
  errors: ['unknown-connection'],
  async handler({ params: { id }, query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.cohorts.list({ id, scope }), query);
    return { data: items.map(toCohortSummary), next };
  },
});

const getCohort = defineEndpoint({
  id: 'getCohort',
  route: `GET ${route}/:name`,
  action: cohortActions.read,
  summary: 'Return a cohort with its patients',
  description: 'Returns a named list of patients with the ids that they have at the EHR.',
  responses: { 200: cohortResponse('The list with its name, in the order in which patients were added') },
  errors: ['unknown-connection', 'unknown-cohort'],
  async handler({ params: { id, name }, caller: { scope }, services, audit }) {
    const cohort = await services.cohorts.get({ id, name, scope });
    audit.addTarget({ connectionId: id });
    audit.addPatients(cohort.patients);
    return { data: toCohortView(cohort) };
  },
});

const setCohort = defineEndpoint({
  id: 'setCohort',
  route: `PUT ${route}/:name`,
  action: cohortActions.set,
  summary: 'Add a cohort, or replace its patients',
  description:
    'Stores a named list of patients of a connection. Exports and schedules name it in `cohort`, and export whom it lists when they begin.',
  request: { body: { schema: cohortBodySchema, example: { patients: ['p1', 'p2'] } }, readBody },
  responses: { 200: cohortResponse('The cohort after the change') },
  errors: ['unknown-connection', 'too-many-cohorts'],
  async handler({ params: { id, name }, body: { patients }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId: id });
    audit.addPatients(patients);
    const { cohort, isChanged } = await services.cohorts.set({ id, name, scope, patients });
    audit.setChanged(isChanged);
    return { data: toCohortView(cohort) };
  },
});

const changeCohort = defineEndpoint({
  id: 'changeCohort',
  route: `PATCH ${route}/:name`,
  action: cohortActions.change,
  summary: 'Add patients to a cohort, or remove them',
  description:
    'Changes the list of patients. An export that is running continues with those that it has. A cohort has at most 10,000 patients.',
  request: { body: { schema: cohortChangeSchema, example: { add: ['p3'], remove: ['p1'] } }, readBody },
  responses: { 200: cohortResponse('The cohort after the change') },
  errors: ['unknown-connection', 'unknown-cohort', 'cohort-empty', 'cohort-full'],
  async handler({ params: { id, name }, body: change, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId: id });
    audit.addPatients([...(change.add ?? []), ...(change.remove ?? [])]);
    const { cohort, isChanged } = await services.cohorts.change({ id, name, scope, change });
    audit.setChanged(isChanged);
    return { data: toCohortView(cohort) };
  },
});

const deleteCohort = defineEndpoint({
  id: 'deleteCohort',
  route: `DELETE ${route}/:name`,
  action: cohortActions.delete,
  summary: 'Delete a cohort',
  description:
    'Deletes the list of patients. What is stored of them stays. Schedules that name the cohort fail until it is added again.',
  responses: { 204: { description: 'The connection no longer has the list' } },
  errors: ['unknown-connection', 'unknown-cohort'],
  async handler({ params: { id, name }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId: id });
    await services.cohorts.delete({ id, name, scope });
    return {};
  },
});

export const cohortEndpoints = endpointGroup({
  name: 'Cohorts',
  description: 'Named lists of the patients of a connection, for exports and schedules.',
  endpoints: [listCohorts, getCohort, setCohort, changeCohort, deleteCohort],
});
