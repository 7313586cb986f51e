import { Router } from 'express';
import { endpoint } from '../endpoint.ts';
import type { Simulator } from '../simulator.ts';
import { isDeclared, isInRest, searchableTypes } from './search-parameters.ts';

/** `metadata` and `.well-known/smart-configuration`. Both are public. */
export function discoveryRoute(simulator: Simulator): Router {
  const router = Router();
  const metadata = () => ({
    status: 200,
    headers: { 'content-type': 'application/fhir+json' },
    document: capabilityStatement(simulator),
  });
  const smart = () => ({ status: 200, headers: {}, document: smartConfiguration(simulator.issuer()) });
  router.get('/fhir/r4/metadata', endpoint({ simulator, auth: 'none', handle: metadata }));
  router.get('/fhir/r4/.well-known/smart-configuration', endpoint({ simulator, auth: 'none', handle: smart }));
  return router;
}

const bulkGuide = 'http://hl7.org/fhir/uv/bulkdata';
/** Fixed, because the statement describes this release and clients compare it. */
const statementDate = '2025-11-01';

const searchTypes: Readonly<Record<string, string>> = {
  _id: 'token',
  _lastUpdated: 'date',
  date: 'date',
  birthdate: 'date',
  patient: 'reference',
  encounter: 'reference',
  name: 'string',
  family: 'string',
  given: 'string',
};

/**
 * The answer of `metadata`. athenahealth declares bulk data 1.0.1 and 2.0.0, and only `_id` for Appointment. Its statement is rougher than one would
 * write it (`isDeclared`).
 */
function capabilityStatement(simulator: Simulator): Record<string, unknown> {
  const { options, practice, issuer, fhirEndpoint } = simulator;
  const levels = options.exportLevels;
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: statementDate,
    kind: 'instance',
    software: { name: 'simulated athenahealth', version: '1' },
    implementation: { description: 'A simulated athenahealth', url: fhirEndpoint() },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    instantiates: [`${bulkGuide}/CapabilityStatement/bulk-data`],
    implementationGuide: [`${bulkGuide}/ImplementationGuide/hl7.fhir.uv.bulkdata|1.0.1`, `${bulkGuide}|2.0.0`],
    rest: [
      {
        mode: 'server',
        security: { service: [{ coding: [{ code: 'SMART-on-FHIR' }] }], extension: [oauthUris(issuer())] },
        resource: [
          ...practice.types.map((type) =>
            resource({
              type,
              isInRest: isInRest(simulator, type),
              isExportable: type === 'Patient' && levels.includes('patient'),
            }),
          ),
          ...(levels.includes('group')
            ? [{ type: 'Group', interaction: [], operation: [exportOperation('group')] }]
            : []),
        ],
        operation: levels.includes('system') ? [exportOperation('system')] : [],
      },
    ],
  };
}

function resource(options: { readonly type: string; readonly isInRest: boolean; readonly isExportable: boolean }) {
  const { type, isInRest, isExportable } = options;
  const operation = isExportable ? { operation: [exportOperation('patient')] } : {};
  if (!isInRest) return { type, interaction: [], ...operation };
  if (!isDeclared('search', type)) return { type, interaction: [{ code: 'read' }], ...operation };
  const names = [
    ...(isDeclared('_id', type) ? ['_id'] : []),
    ...(searchableTypes[type] ?? ['patient', '_lastUpdated']),
    ...(isDeclared('ah-practice', type) ? ['ah-practice'] : []),
  ];
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    versioning: 'versioned',
    searchParam: names.map((name) => ({ name, type: searchTypes[name] ?? 'token' })),
    ...operation,
  };
}

/** athenahealth names that of the Group `export`, with a definition of its own, as its statement of 2026-08-14. */
function exportOperation(level: 'system' | 'patient' | 'group') {
  if (level === 'group') return { name: 'export', definition: 'OperationDefinition/ah-group-export' };
  const name = level === 'system' ? 'export' : `${level}-export`;
  return { name, definition: `${bulkGuide}/OperationDefinition/${name}` };
}

function oauthUris(issuer: string) {
  const uri = (name: string) => ({ url: name, valueUri: `${issuer}/${name}` });
  return {
    url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
    extension: [uri('authorize'), uri('token'), uri('revoke')],
  };
}

/** The answer of `.well-known/smart-configuration` (SMART App Launch 2.0, section 6). */
function smartConfiguration(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    authorization_response_iss_parameter_supported: true,
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['launch', 'launch/patient', 'patient/*.read', 'system/*.read', 'system/*.rs', 'offline_access'],
    capabilities: [
      'launch-standalone',
      'launch-ehr',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'context-standalone-patient',
      'context-ehr-patient',
      'permission-patient',
      'permission-v1',
      'permission-v2',
    ],
  };
}
