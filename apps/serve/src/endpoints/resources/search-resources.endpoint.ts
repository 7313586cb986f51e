import { parseRequest } from '@bulkhead/base';
import { addressOf, appendFurther, leftSignal, resourceActions, sendLines } from '@bulkhead/http';
import { count, connectionId as exampleConnectionId } from '@bulkhead/http/schemas';
import type { Request } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import {
  fhirJson,
  ndjson,
  ndjsonTypes,
  pageCount,
  pageCursor,
  pageLinks,
  resourceExample,
  resourceQuerySchema,
  resourceSchema,
  sendFhir,
} from './fhir-answers.ts';

/** A list is sent as a repeated parameter. A match meets every value. */
const criterion = z.union([z.string(), z.array(z.string()).min(1)]).optional();
/** The search parameters that choose resources. */
export const searchCriteria = {
  _id: criterion.describe('Ids of resources, separated by commas.'),
  patient: criterion.describe('Only resources about this patient: the id at the EHR, with or without `Patient/`.'),
  code: criterion.describe(
    'A token, such as `http://loinc.org|58410-2` or `58410-2`. Alternatives are separated by commas.',
  ),
  category: criterion.describe('A token, such as `laboratory`.'),
  status: criterion.describe('A code, such as `final`.'),
  date: criterion.describe('A date with an optional prefix, such as `ge2024-01-01`.'),
  _security: criterion.describe(
    'A label of `meta.security`: its code, or its system and code with a `|` in between. EHRs label the resources of restricted patients.',
  ),
  _lastUpdated: criterion.describe('When the EHR last changed the resource, as for `date`.'),
  identifier: criterion.describe(
    'Of a Patient, Practitioner, Organization or Encounter: the value, or the system and the value with a `|` in between.',
  ),
  name: criterion.describe(
    'The beginning of any part of the name of a Patient, Practitioner, Organization or Location, in any case and with or without accents.',
  ),
  family: criterion.describe('The beginning of the family name of a Patient or Practitioner.'),
  given: criterion.describe('The beginning of a given name of a Patient or Practitioner.'),
  birthdate: criterion.describe('The birth date of a Patient, as for `date`.'),
  gender: criterion.describe('Of a Patient, such as `female`.'),
  subject: criterion.describe('The same as `patient`.'),
  'clinical-status': criterion.describe('Of a Condition or AllergyIntolerance: a token, such as `active`.'),
  intent: criterion.describe('Of a MedicationRequest or ServiceRequest, such as `order`.'),
};
/** The parameters of a search that returns pages. */
export const searchQueryShape = {
  ...searchCriteria,
  _sort: z
    .string()
    .optional()
    .describe('The order: `_id`, `_lastUpdated` or `date`, or one of them after a `-`. With `patient` only `date`.'),
  _include: criterion.describe(
    'Adds what the matches refer to, such as `Observation:encounter`, at most 1000 resources a page.',
  ),
  _revinclude: criterion.describe(
    'Adds the resources that refer to the matches, such as `Provenance:target`, or `Observation:patient` of Patients. At most 1000 resources a page.',
  ),
  _count: pageCount.optional().describe('The maximum number of resources of the page, at most 1000. Default: 100.'),
  _total: z
    .enum(['none', 'accurate', 'estimate'])
    .optional()
    .describe('`accurate` counts all matches in `total`. Default: `none`.'),
  _summary: z
    .enum(['count', 'false'])
    .optional()
    .describe('`count` returns only the number of matches. Default: `false`.'),
  _elements: criterion.describe(
    'Only these elements of the matches, such as `code,subject`, at most 60, and those that R4 makes mandatory. Such resources have the tag `SUBSETTED`.',
  ),
  _cursor: pageCursor,
};
const searchQuerySchema = resourceQuerySchema.extend(searchQueryShape);

export const searchsetSchema = z
  .strictObject({
    resourceType: z.literal('Bundle').describe('The page is a FHIR Bundle.'),
    type: z.literal('searchset').describe('The Bundle is the result of a search.'),
    total: count.optional().describe('The number of all matches. Absent unless `_total` or `_summary` asks for it.'),
    link: pageLinks,
    entry: z
      .array(
        z.strictObject({
          fullUrl: z.string().optional().describe('The URL of the resource at the EHR. Absent for an `outcome`.'),
          resource: resourceSchema,
          search: z
            .strictObject({
              mode: z
                .enum(['match', 'include', 'outcome'])
                .describe(
                  '`match`, `include` if `_include` or `_revinclude` added it, or `outcome` for an OperationOutcome.',
                ),
            })
            .describe('Why the resource is in the Bundle.'),
        }),
      )
      .optional()
      .describe('The resources of the page. Absent if nothing matches.'),
  })
  .meta({ id: 'Searchset', description: 'One page of a search: https://hl7.org/fhir/R4/bundle.html#searchset.' });

export const searchsetExample = {
  resourceType: 'Bundle',
  type: 'searchset',
  link: [
    {
      relation: 'self',
      url: `https://bulkhead.example/api/ehr/athenahealth/resources/DiagnosticReport?connectionId=${exampleConnectionId}`,
    },
  ],
  entry: [
    {
      fullUrl: 'https://api.platform.athenahealth.com/fhir/r4/DiagnosticReport/report_123',
      resource: resourceExample,
      search: { mode: 'match' },
    },
  ],
};

/** Answers a page of a search, or streams all matches. */
export const searchResources = defineEndpoint({
  id: 'searchResources',
  route: 'GET /api/ehr/:provider/resources/:type',
  action: resourceActions.search,
  summary: 'Search resources of a type: one page as a Bundle, or all matches as NDJSON',
  description:
    'Finds stored resources by FHIR search parameters. Nothing is sent to the EHR. A page is a FHIR Bundle: follow its link `next`. With `Accept: application/fhir+ndjson` all matches are streamed. A comma in a value means "or", and a repeated parameter means "and". docs/reading-resources.md describes the parameters and their limits. Each type has its own: the CapabilityStatement of the FHIR base URL lists them. Every search is an event of the audit log.',
  request: { searchQuery: searchQuerySchema, readBody: 'never' },
  responses: {
    200: {
      description: 'A searchset Bundle. With `Accept: application/fhir+ndjson`, one resource on each line',
      schema: searchsetSchema,
      contentType: fhirJson,
      example: searchsetExample,
    },
  },
  errors: ['unknown-connection', 'unknown-resource', 'search-too-costly'],
  async handler(input) {
    const { params, caller, services, process, audit, request, response } = input;
    const { provider, type: resourceType } = params;
    const { address, parameters, connectionId } = readAddress(request);
    const signal = leftSignal(response);
    const otherParameters = Object.keys(resourceQuerySchema.shape);
    const search = { provider, connectionId, resourceType, scope: caller.scope, parameters, otherParameters, signal };
    response.vary('Accept');
    // A client that accepts any type gets the first type of the list.
    const accepted = request.accepts([fhirJson, ...ndjsonTypes]);
    if (accepted !== false && accepted !== fhirJson) {
      const onFurther = (further: readonly string[]) => appendFurther(response, further);
      const { lines, patients } = await services.resources.stream({ ...search, onFurther });
      audit.addPatients(patients);
      await sendLines({ lines, contentType: ndjson, response, signal, slots: process.downloads });
    } else {
      sendFhir(await services.resources.search({ ...search, address }), { audit, response });
    }
  },
});

/** Reads the address of the request and its search parameters. */
function readAddress(request: Request) {
  const address = addressOf(request);
  const parameters = new URLSearchParams(address.search);
  const { connectionId } = parseRequest(resourceQuerySchema, {
    connectionId: single(parameters.getAll('connectionId')),
  });
  parameters.delete('connectionId');
  return { address, parameters, connectionId };
}

/** A repeated parameter stays a list, which its schema refuses. */
function single(values: readonly string[]): unknown {
  return values.length > 1 ? values : values[0];
}
