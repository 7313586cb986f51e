import type { Answer, Script } from '@bulkhead/testing';

/** The routes of a bulk data server with this manifest, and without files. It can do what no server should if a test replaces them. */
export function bulkRoutes(manifest: object): Script {
  return {
    '/metadata': capabilities(),
    '*/$export': ({ count }) => ({ status: 202, headers: { 'content-location': `/status/${count}` } }),
    '/status*': { body: manifest },
    'DELETE /status*': { status: 202 },
  };
}

/** A CapabilityStatement that offers the export of these types. */
export function capabilities(...types: readonly string[]): Answer {
  const operation = [{ name: 'export' }];
  const rest = [{ operation, resource: types.map((type) => ({ type, operation })) }];
  return { body: { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', rest } };
}
