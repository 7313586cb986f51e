/** An answer of an EHR. Each of its strings could contain something that must not leak. */
export interface EhrAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON body. */
  readonly body?: unknown;
  /** NDJSON, or text that is not JSON. */
  readonly lines?: readonly unknown[];
}

/** The requests of an export, a sync and a connection test. */
export type Route =
  | 'discovery'
  | 'token'
  | 'metadata'
  | 'kick-off'
  | 'status'
  | 'file'
  | 'deleted'
  | 'errors'
  | 'search'
  | 'document';

export interface Variant {
  readonly route: Route;
  readonly name: string;
  /** @param suffix is added to the ids of its resources, so that plants in the same connection have their own */
  readonly answer: (base: string, suffix?: string) => EhrAnswer;
  /** Whether the work continues after it. */
  readonly isGood?: boolean;
}

const issue = (diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  text: { status: 'generated', div: '<div>text</div>' },
  issue: [
    {
      severity: 'error',
      code: 'processing',
      diagnostics,
      details: { text: 'details', coding: [{ system: 'urn:x', code: 'c', display: 'display' }] },
      expression: ['Patient.name'],
      location: ['/f:Patient'],
    },
  ],
});
const json = { 'content-type': 'application/fhir+json' };
const plainJson = { 'content-type': 'application/json' };
const ndjson = { 'content-type': 'application/fhir+ndjson' };
const meta = { versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' };
/** The id of the patient in the answers with this suffix. */
export const patientIdOf = (suffix = '1') => `p${suffix}`;
const subjectOf = (suffix?: string) => ({ reference: `Patient/${patientIdOf(suffix)}` });
const patient = (suffix?: string) => ({
  resourceType: 'Patient',
  id: patientIdOf(suffix),
  meta,
  name: [{ family: 'family' }],
});
const observation = (suffix = '1') => ({
  resourceType: 'Observation',
  id: `o${suffix}`,
  meta,
  status: 'final',
  code: { text: 'code' },
  subject: subjectOf(suffix),
});
const documentReference = (base: string, suffix = '1') => ({
  resourceType: 'DocumentReference',
  id: `d${suffix}`,
  meta,
  status: 'current',
  subject: subjectOf(suffix),
  content: [{ attachment: { contentType: 'text/plain', url: `${base}/Binary/b1`, title: 'title', hash: 'hash' } }],
});
const errors = (route: Route): Variant[] => [
  { route, name: 'refuses', answer: () => ({ status: 400, headers: json, body: issue('diagnostics') }) },
  { route, name: 'fails', answer: () => ({ status: 500, headers: { 'content-type': 'text/html' }, lines: ['page'] }) },
  {
    route,
    name: 'forbids',
    answer: () => ({
      status: 403,
      headers: { ...json, 'www-authenticate': 'Bearer error="x"' },
      body: issue('forbidden'),
    }),
  },
  { route, name: 'redirects', answer: () => ({ status: 302, headers: { location: 'http://127.0.0.2:1/elsewhere' } }) },
];

/** The types of the server, each with a file. */
export const exportedTypes = ['Patient', 'Observation', 'DocumentReference'] as const;

/** The answers of the server without marks. */
export const goodAnswers: Readonly<Record<Route, Variant['answer']>> = {
  discovery: (base) => ({
    status: 200,
    headers: plainJson,
    body: {
      issuer: base,
      token_endpoint: `${base}/token`,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      grant_types_supported: ['client_credentials'],
      capabilities: ['client-confidential-symmetric'],
    },
  }),
  token: () => ({
    status: 200,
    headers: plainJson,
    body: { access_token: 'token', token_type: 'Bearer', expires_in: 3600, scope: 'system/*.read', extra: 'extra' },
  }),
  metadata: () => ({
    status: 200,
    headers: json,
    body: {
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
      software: { name: 'software', version: '1' },
      implementation: { description: 'description', url: 'https://ehr.example' },
      instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'],
      rest: [
        {
          mode: 'server',
          documentation: 'documentation',
          operation: [{ name: 'export', definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export' }],
          resource: exportedTypes.map((type) => ({
            type,
            interaction: [{ code: 'search-type' }],
          })),
        },
      ],
    },
  }),
  'kick-off': (base) => ({ status: 202, headers: { 'content-location': `${base}/status` } }),
  status: (base) => ({
    status: 200,
    headers: { ...plainJson, expires: 'Wed, 21 Oct 2099 07:28:00 GMT' },
    body: {
      transactionTime: '2026-01-02T00:00:00Z',
      request: `${base}/$export`,
      requiresAccessToken: true,
      output: exportedTypes.map((type) => ({ type, url: `${base}/file/${type}` })),
      deleted: [{ type: 'Bundle', url: `${base}/deleted` }],
      error: [{ type: 'OperationOutcome', url: `${base}/errors` }],
      extension: { url: 'extension' },
    },
  }),
  file: (base, suffix) => ({
    status: 200,
    headers: { ...ndjson, etag: '"1"', 'content-disposition': 'attachment; filename=a' },
    lines: [patient(suffix), observation(suffix), documentReference(base, suffix)],
  }),
  deleted: () => ({
    status: 200,
    headers: ndjson,
    lines: [
      { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: 'Patient/gone' } }] },
    ],
  }),
  errors: () => ({ status: 200, headers: ndjson, lines: [issue('in a file')] }),
  search: (base, suffix) => ({
    status: 200,
    headers: { ...json, date: 'Fri, 02 Jan 2026 00:00:00 GMT' },
    body: {
      resourceType: 'Bundle',
      id: 'bundle',
      type: 'searchset',
      link: [{ relation: 'self', url: `${base}/Patient` }],
      entry: [
        { fullUrl: `${base}/Patient/${patientIdOf(suffix)}`, resource: patient(suffix), search: { mode: 'match' } },
        { resource: issue('in a bundle'), search: { mode: 'outcome' } },
      ],
    },
  }),
  document: () => ({ status: 200, headers: { 'content-type': 'text/plain', etag: '"1"' }, lines: ['document'] }),
};

/** The good answer of each route, and the bad answers that a client reads. */
export const variants: readonly Variant[] = [
  ...(Object.keys(goodAnswers) as Route[]).flatMap((route) => [
    { route, name: 'answers', isGood: true, answer: goodAnswers[route] },
    ...errors(route),
  ]),
  {
    route: 'token',
    name: 'refuses the client',
    answer: () => ({
      status: 401,
      headers: { ...plainJson, 'www-authenticate': 'Basic realm="realm"' },
      body: { error: 'invalid_client', error_description: 'description', error_uri: 'https://ehr.example/error' },
    }),
  },
  {
    route: 'status',
    name: 'is in progress',
    isGood: true,
    answer: () => ({ status: 202, headers: { 'x-progress': 'in progress', 'retry-after': '120' } }),
  },
  {
    route: 'status',
    name: 'lists odd types',
    isGood: true,
    answer: (base) => ({
      status: 200,
      headers: plainJson,
      body: {
        transactionTime: '2026-01-02T00:00:00Z',
        requiresAccessToken: false,
        output: [{ type: 'Patient', url: `${base}/file/Patient`, extension: { x: 'x' } }],
        link: [{ relation: 'next', url: `${base}/status?page=2` }],
      },
    }),
  },
  {
    route: 'search',
    name: 'has a next page',
    isGood: true,
    answer: (base, suffix) => ({
      status: 200,
      headers: json,
      body: {
        resourceType: 'Bundle',
        type: 'searchset',
        link: [{ relation: 'next', url: `${base}/Patient?page=2` }],
        entry: [{ resource: { resourceType: 'Patient', id: patientIdOf(suffix), meta } }],
      },
    }),
  },
];

/** The position of a string: a header, or a member of the body or of a line. */
export interface StringPath {
  readonly in: 'header' | 'body' | 'line';
  readonly path: readonly (string | number)[];
}

/** Returns the path of every string of an answer. In a list in the body, only the first element counts. */
export function stringPathsOf({ headers = {}, body, lines = [] }: EhrAnswer): StringPath[] {
  return [
    ...Object.keys(headers).map((name) => ({ in: 'header' as const, path: [name] })),
    ...pathsOf(body).map((path) => ({ in: 'body' as const, path })),
    ...lines.flatMap((line, index) => pathsOf(line).map((path) => ({ in: 'line' as const, path: [index, ...path] }))),
  ];
}

function pathsOf(value: unknown): (string | number)[][] {
  if (typeof value === 'string') return [[]];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return pathsOf(value[0]).map((path) => [0, ...path]);
  return Object.entries(value).flatMap(([name, member]) => pathsOf(member).map((path) => [name, ...path]));
}

/** Returns the answer with one string replaced. */
export function withString(
  answer: EhrAnswer,
  { in: where, path }: StringPath,
  change: (text: string) => string,
): EhrAnswer {
  switch (where) {
    case 'header':
      return { ...answer, headers: replaced(answer.headers, path, change) as Record<string, string> };
    case 'body':
      return { ...answer, body: replaced(answer.body, path, change) };
    case 'line':
      return { ...answer, lines: replaced(answer.lines, path, change) as unknown[] };
  }
}

function replaced(
  value: unknown,
  [name, ...rest]: readonly (string | number)[],
  change: (text: string) => string,
): unknown {
  if (name === undefined) return change(String(value));
  if (Array.isArray(value))
    return value.map((member, index) => (index === name ? replaced(member, rest, change) : member));
  const members = value as Record<string, unknown>;
  return { ...members, [name]: replaced(members[name], rest, change) };
}
