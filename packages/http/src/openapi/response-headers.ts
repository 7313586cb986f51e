import type { Endpoint } from '../define-endpoint.ts';

/** The headers of responses. Each is described once, in `components.headers`. */
export const headerComponents = {
  'RateLimit-Policy': {
    description:
      'The limit of the API key (draft-ietf-httpapi-ratelimit-headers): `q` requests in a window of `w` seconds. A key can have a separate limit.',
    schema: { type: 'string' },
    example: '"default";q=60000;w=60',
  },
  RateLimit: {
    description:
      'What remains of the limit (draft-ietf-httpapi-ratelimit-headers): `r` requests until the window ends in `t` seconds. With `r=0` the next request returns 429.',
    schema: { type: 'string' },
    example: '"default";r=59999;t=42',
  },
  'Retry-After': {
    description: 'Send the request again after this number of seconds.',
    schema: { type: 'integer', minimum: 1 },
    example: 5,
  },
  Location: {
    description:
      'The path of the record that was created, or that the work continues on. Send GET to it to follow the work.',
    schema: { type: 'string' },
    example: '/api/ehr/athenahealth/bulk-export/job_01a20ebbc9477ed4b36076ce74bec9ba',
  },
  'Content-Location': {
    description: 'The URL of the status of the export. Send GET to it.',
    schema: { type: 'string' },
    example:
      'https://bulkhead.example/api/ehr/athenahealth/fhir/conn_01a20ebbc93978f091b11de7704350e0/bulkstatus/served_01a20ebbc9477ed4b36076ce74bec9ba',
  },
  'Idempotency-Replayed': {
    description: 'Present if an earlier request with the same `Idempotency-Key` received this response.',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
  'X-Request-Id': {
    description: 'The id of the request. The logs and the audit log contain it.',
    schema: { type: 'string' },
    example: '5e4a2b4e-4d6b-4b9e-9b5e-0c8c1b7f2a10',
  },
} as const;

type HeaderName = keyof typeof headerComponents;

/** The headers of a response of an endpoint. */
export function responseHeaders(
  endpoint: Pick<Endpoint, 'access' | 'path' | 'method' | 'idempotency' | 'errorFormat'>,
  status: number,
) {
  const { access, path, method, idempotency, errorFormat } = endpoint;
  const accepted = errorFormat === 'fhir' ? 'Content-Location' : 'Location';
  const isNamed = (status === 201 || status === 202) && !(errorFormat === 'fhir' && method === 'delete');
  const isLimited = access !== 'anyone' && path.startsWith('/api/ehr/') && status !== 401;
  const names: HeaderName[] = [
    'X-Request-Id',
    ...(isLimited ? (['RateLimit-Policy', 'RateLimit'] as const) : []),
    ...(isNamed ? ([accepted] as const) : []),
    ...(idempotency && status < 300 ? (['Idempotency-Replayed'] as const) : []),
    ...(status === 429 || status === 503 ? (['Retry-After'] as const) : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
