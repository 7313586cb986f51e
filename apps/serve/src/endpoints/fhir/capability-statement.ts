import {
  dateParameterOf,
  includesOf,
  r4ResourceTypes,
  revIncludesOf,
  type SearchParameter,
  searchParametersOf,
} from '@bulkhead/fhir';

const bulkGuide = 'http://hl7.org/fhir/uv/bulkdata';
/** When the statement was last changed, because clients compare it. */
const statementDate = '2026-12-01';

/**
 * What the FHIR base URL of a connection supports (https://hl7.org/fhir/R4/capabilitystatement.html). It is the same for each connection,
 * because it can be read without a key.
 */
export function capabilityStatement(options: {
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly version: string;
}) {
  const { baseUrl, tokenUrl, version } = options;
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: statementDate,
    kind: 'instance',
    software: { name: 'Bulkhead', version },
    implementation: { description: 'The stored record of a practice', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    instantiates: [`${bulkGuide}/CapabilityStatement/bulk-data`],
    implementationGuide: [`${bulkGuide}/ImplementationGuide/hl7.fhir.uv.bulkdata|2.0.0`],
    rest: [
      {
        mode: 'server',
        documentation: 'Reads what is stored. Nothing can be written, and nothing is sent to the EHR.',
        security: {
          service: [
            {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' },
              ],
            },
          ],
          extension: [
            {
              url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
              extension: [{ url: 'token', valueUri: tokenUrl }],
            },
          ],
        },
        resource: r4ResourceTypes.map(resourceOf),
        interaction: [{ code: 'history-system' }],
        operation: [exportOperation('export'), ...viewOperations],
      },
    ],
  };
}

function resourceOf(type: string) {
  const references = includesOf(type);
  const level = { Patient: 'patient-export', Group: 'group-export' }[type];
  return {
    type,
    interaction: ['read', 'vread', 'search-type', 'history-instance', 'history-type'].map((code) => ({ code })),
    versioning: 'versioned',
    readHistory: false,
    conditionalRead: 'full-support',
    ...(references.length > 0 ? { searchInclude: references } : {}),
    searchRevInclude: revIncludesOf(type),
    searchParam: [...searchParametersOf(type).values()].map((parameter) => toSearchParam(parameter, type)),
    ...(level === undefined
      ? {}
      : { operation: [exportOperation(level), ...(type === 'Patient' ? [everything] : [])] }),
  };
}

/** A parameter that is not R4's has a definition, because its name alone would be taken for R4's. */
function toSearchParam({ name, type, isOwn, key }: SearchParameter, resourceType: string) {
  return {
    name,
    ...(isOwn ? { definition: `urn:bulkhead:search-parameter:${name}` } : {}),
    type,
    ...(key.kind === 'reference' ? { documentation: 'Together with patient, _id or code.' } : {}),
    ...(isOwn && key.kind === 'date' ? { documentation: `Compares ${dateParameterOf(resourceType)}.` } : {}),
  };
}

/** FHIR R4 has no type ViewDefinition that a resource of the statement could have. */
const viewOperations = [
  { name: 'viewdefinition-run', definition: 'http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run' },
  {
    name: 'sql-run',
    definition: 'http://hl7.org/fhir/uv/sql-on-fhir/OperationDefinition/SQLRun',
    documentation:
      'For ViewDefinitions, by subjectReference or subjectResource, in the formats ndjson, json, csv and parquet. Not for Libraries of SQL; without subjectCanonical, parameters, context and source.',
  },
];

const everything = { name: 'everything', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything' };

function exportOperation(name: string) {
  return { name, definition: `${bulkGuide}/OperationDefinition/${name}` };
}

/** The document of `.well-known/smart-configuration` (SMART App Launch 2.2, "Backend Services"). */
export function smartConfiguration({ tokenUrl }: { readonly tokenUrl: string }) {
  return {
    token_endpoint: tokenUrl,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    scopes_supported: ['system/*.read', 'system/*.rs'],
    capabilities: ['client-confidential-asymmetric', 'client-confidential-symmetric', 'permission-v1', 'permission-v2'],
  };
}
