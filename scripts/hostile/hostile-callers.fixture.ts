/** A request of a client that costs as much as its size allows. */
export interface HostileRequest {
  /** The id of the endpoint. */
  readonly endpoint: string;
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Where the requests go. */
export interface Target {
  readonly connectionId: string;
  readonly assertion: string;
}

/** Different values of letters, as in the names of types. */
const values = (count: number, prefix = 'A') =>
  Array.from(
    { length: Math.max(1, Math.floor(count)) },
    (_, index) => prefix + String(10_000 + index).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? ''),
  );

/** The largest text of a form that the API reads. */
function largest(limitBytes: number, make: (count: number) => string): string {
  const sample = 1000;
  let count = (sample * limitBytes) / make(sample).length;
  while (make(count).length > limitBytes) count *= 0.98;
  return make(count);
}

const viewBytes = 100 * 1024;
const searchBytes = 100 * 1024;
const kickOffBytes = 1024 * 1024;
const tokenBytes = 20 * 1024;
const bodyBytes = 100 * 1024;
const form = 'application/x-www-form-urlencoded';
const column = (name: string, path: string) => ({ name, path, type: 'string', collection: true });
const condition = (name: string, bytes: number) => ({
  name,
  path: repeated('true', bytes, ' and '),
  type: 'boolean',
});
const loops = (count: number, path: string) => Array.from({ length: count }, () => ({ forEach: path }));
const repeated = (part: string, bytes: number, separator: string) =>
  Array(Math.floor(bytes / (part.length + separator.length)))
    .fill(part)
    .join(separator);

const views: Readonly<Record<string, object>> = {
  'siblings that are combined, with long expressions': {
    resource: 'Patient',
    select: [
      ...loops(14, 'telecom'),
      { column: Array.from({ length: 8 }, (_, index) => condition(`c${index}`, 9600)) },
    ],
  },
  'siblings that are combined, with expressions within the limits': {
    resource: 'Patient',
    select: [
      ...loops(14, 'telecom'),
      { column: Array.from({ length: 8 }, (_, index) => condition(`c${index}`, 2600)) },
    ],
  },
  'twenty loops': { resource: 'Patient', select: [...loops(20, 'name'), { column: [column('id', 'id')] }] },
  'products of decimals': {
    resource: 'Observation',
    select: [{ column: [column('x', repeated('value.ofType(Quantity).value', 8500, ' * '))] }],
  },
  'long texts that are joined': {
    resource: 'Patient',
    constant: [{ name: 'x', valueString: 'x'.repeat(40_000) }],
    select: [{ column: Array.from({ length: 16 }, (_, index) => column(`c${index}`, repeated('%x', 2300, ' + '))) }],
  },
  'lists of long texts in each row': {
    resource: 'Observation',
    constant: [{ name: 'x', valueString: 'x'.repeat(60_000) }],
    select: [{ column: Array.from({ length: 60 }, (_, index) => column(`c${index}`, '%x')) }],
  },
  'elements that R4 does not have': {
    resource: 'Patient',
    select: [
      {
        repeat: Array.from({ length: 40 }, () => `extension('u')${".value.extension('u')".repeat(100)}`),
        column: [column('x', repeated('wrong', 300, '.'))],
      },
    ],
  },
  'a chain of elements': { resource: 'Patient', select: [{ column: [column('x', repeated('a', 9900, '.'))] }] },
  'a chain of sums': { resource: 'Patient', select: [{ column: [column('x', repeated('1', 9900, '+'))] }] },
  'a chain of indexes': { resource: 'Patient', select: [{ column: [column('x', `id${'[0]'.repeat(3000)}`)] }] },
  'extensions of extensions': {
    resource: 'Patient',
    select: [{ column: [column('x', `a${".extension('u').value".repeat(100)}`)] }],
  },
};
const wrongViews: Readonly<Record<string, (count: number) => object>> = {
  'many unknown fields': (count) => Object.fromEntries(values(count).map((name) => [name, 1])),
  'many wrong columns': (count) => ({
    resource: 'Patient',
    select: [{ column: values(count).map((name) => ({ name, path: '@' })) }],
  }),
  'many columns of one name': (count) => ({
    resource: 'Patient',
    select: [{ column: values(count).map(() => ({ name: 'a', path: 'id' })) }],
  }),
  'many branches': (count) => ({
    resource: 'Patient',
    select: [{ unionAll: values(count).map((name) => ({ column: [{ name, path: 'id' }] })) }],
  }),
  'many constants': (count) => ({
    resource: 'Patient',
    constant: values(count).map((name) => ({ name, valueString: 'a' })),
    select: [{ column: [{ name: 'a', path: 'id' }] }],
  }),
  'many selects': (count) => ({ resource: 'Patient', select: values(count).map(() => ({})) }),
};

const parameters = (list: readonly (readonly [string, string])[]) =>
  JSON.stringify({
    resourceType: 'Parameters',
    parameter: list.map(([name, valueString]) => ({ name, valueString })),
  });

/** The requests whose bodies or searches are read by the handlers themselves. */
export function hostileRequests({ connectionId, assertion }: Target): HostileRequest[] {
  const fhir = `/api/ehr/athenahealth/fhir/${connectionId}`;
  const search = (name: string, make: (count: number) => string): HostileRequest => ({
    endpoint: 'searchFhirByPost',
    name,
    method: 'POST',
    path: `${fhir}/Observation/_search`,
    headers: { 'content-type': form },
    body: largest(searchBytes, make),
  });
  type Parameters = readonly (readonly [string, string])[];
  const kickOff = (name: string, make: (count: number) => Parameters, prefer = 'respond-async') =>
    ['', 'Patient/', `Group/${connectionId}/`].map(
      (level, index): HostileRequest => ({
        endpoint: ['exportSystemByPost', 'exportPatientsByPost', 'exportGroupByPost'][index] ?? '',
        name,
        method: 'POST',
        path: `${fhir}/${level}$export`,
        body: largest(kickOffBytes, (count) => parameters(make(count))),
        headers: { prefer, accept: 'application/fhir+json', 'content-type': 'application/fhir+json' },
      }),
    );
  const table = (name: string, body: string) =>
    ['ndjson', 'parquet', 'csv'].map(
      (format): HostileRequest => ({
        endpoint: 'readViewTable',
        name: `${name}, as ${format}`,
        method: 'POST',
        path: `/api/ehr/athenahealth/tables?connectionId=${connectionId}&format=${format}`,
        headers: { 'content-type': 'application/fhir+json' },
        body,
      }),
    );
  const runView = (name: string, entries: readonly object[]) =>
    [
      ['runView', '$viewdefinition-run', 'viewResource'],
      ['runViewOfType', 'ViewDefinition/$viewdefinition-run', 'viewResource'],
      ['runSql', '$sql-run', 'subjectResource'],
    ].map(
      ([endpoint = '', path, subject]): HostileRequest => ({
        endpoint,
        name,
        method: 'POST',
        path: `${fhir}/${path}`,
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify({ resourceType: 'Parameters', parameter: entries }).replaceAll(
          'viewResource',
          subject ?? '',
        ),
      }),
    );
  const inside = (view: object) => [{ name: 'viewResource', resource: view }];
  const repeat = (name: string, prefix: string) => (count: number) =>
    values(count, prefix)
      .map((value) => `${name}=${value}`)
      .join('&');
  const same = (text: string, separator: string) => (count: number) =>
    Array(Math.floor(count)).fill(text).join(separator);
  const token = (scope: string) =>
    `grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=${assertion}&scope=${scope}`;
  return [
    ...Object.entries(views).flatMap(([name, view]) => table(name, JSON.stringify(view))),
    ...Object.entries(wrongViews).flatMap(([name, make]) =>
      table(
        name,
        largest(viewBytes, (count) => JSON.stringify(make(count))),
      ),
    ),
    ...Object.entries(views).flatMap(([name, view]) => runView(name, inside(view))),
    ...Object.entries(wrongViews).flatMap(([name, make]) =>
      runView(name, JSON.parse(largest(viewBytes - 200, (count) => JSON.stringify(inside(make(count)))))),
    ),
    ...runView(
      'many resources',
      JSON.parse(
        largest(viewBytes - 200, (count) =>
          JSON.stringify([
            ...inside({ resource: 'Patient', select: [...loops(19, '$this'), { column: [condition('c', 2000)] }] }),
            ...values(Math.min(count, 990)).map((id) => ({
              name: 'resource',
              resource: { resourceType: 'Patient', id, name: [{ given: values(20) }] },
            })),
          ]),
        ),
      ),
    ),
    ...runView(
      'many resources in a Bundle',
      JSON.parse(
        largest(viewBytes - 200, (count) =>
          JSON.stringify([
            ...inside({ resource: 'Patient', select: [...loops(19, '$this'), { column: [condition('c', 2000)] }] }),
            {
              name: 'resource',
              resource: { resourceType: 'Bundle', entry: values(count).map((id) => ({ resource: { id } })) },
            },
          ]),
        ),
      ),
    ),
    ...runView(
      'many unknown parameters',
      JSON.parse(
        largest(viewBytes - 200, (count) => JSON.stringify(values(count).map((name) => ({ name, valueString: name })))),
      ),
    ),
    search('wrong ids', (count) => `_id=${values(count, '*').join()}`),
    search('repeated ids', repeat('_id', 'A')),
    search('ids that exclude each other', (count) => `_id=${values(count).join()}&_id=x,${values(count).join()}`),
    search('ids that exclude each other, within the limits', () =>
      Array.from({ length: 9 }, (_, index) => `_id=${values(1000, `A${index}`).join()}`).join('&'),
    ),
    search('equal includes', same('_include=Observation:subject', '&')),
    search('equal references to the matches', same('_revinclude=Provenance:target', '&')),
    search('references to the matches of many types', repeat('_revinclude', 'Observation:subject:A')),
    search('includes of many types', repeat('_include', 'Observation:subject:A')),
    search('many dates', (count) => `date=${same('ne2024-01-01', ',')(count)}`),
    search('repeated dates', same('date=ne2024-01-01', '&')),
    search('dates within the limits', () => same(`date=${same('ne2024-01-01', ',')(20)}`, '&')(4)),
    search('many codes', (count) => `code=${values(count).join()}`),
    search('codes within the limits', () => Array.from({ length: 9 }, () => `code=${values(1000).join()}`).join('&')),
    search('unknown parameters', (count) =>
      values(count)
        .map((name) => `${name}=1`)
        .join('&'),
    ),
    ...kickOff('wrong filters', (count) => values(count).map((value) => ['_typeFilter', value])),
    ...kickOff('filters of wrong types', (count) => values(count).map((type) => ['_typeFilter', `${type}?a=1`])),
    ...kickOff('filters with wrong values', () => [
      ...Array.from({ length: 90 }, () => ['_typeFilter', `Observation?_id=${values(20, '*').join()}`] as const),
    ]),
    ...kickOff('wrong types', (count) => [['_type', values(count).join()]]),
    ...kickOff('types and filters', (count) => [
      ['_type', values(count).join()],
      ...values(count).map((type) => ['_typeFilter', `${type}?a=1`] as const),
    ]),
    ...kickOff('many elements', (count) => [['_elements', values(count).join()]]),
    ...kickOff('elements within the limits', () => [['_elements', values(500).join()]]),
    ...kickOff('many patients', (count) => [['patient', values(count).join()]]),
    ...kickOff('unknown parameters', (count) => values(count).map((name) => [name, '1'])),
    ...kickOff(
      'ignored parameters',
      (count) => values(count).map((name) => [name, '1']),
      'respond-async, handling=lenient',
    ),
    {
      endpoint: 'issueToken',
      name: 'many scopes',
      method: 'POST',
      path: '/api/ehr/oauth/token',
      headers: { 'content-type': form },
      body: largest(tokenBytes, (count) =>
        token(
          values(count, 'system/A')
            .map((name) => `${name}.rs`)
            .join('+'),
        ),
      ),
    },
  ];
}

/** The patient whose record is large, and to whose documents a Provenance refers. */
export const largeRecord = { patientId: 'large', provenanceId: 'of-large', documents: 63, documentBytes: 4_000_000 };

/** The reads whose answers grow with what is stored, and not with the request. */
export function hostileReads({ connectionId }: Pick<Target, 'connectionId'>): HostileRequest[] {
  const { patientId, provenanceId } = largeRecord;
  const stored = '/api/ehr/athenahealth/resources';
  const fhir = `/api/ehr/athenahealth/fhir/${connectionId}`;
  const read = (endpoint: string, path: string): HostileRequest => ({ endpoint, name: path, method: 'GET', path });
  return [
    read('searchFhir', `${fhir}/Patient?_id=${patientId}&_revinclude=DocumentReference:patient`),
    read('searchFhir', `${fhir}/Provenance?_id=${provenanceId}&_include=Provenance:target`),
    read('searchFhir', `${fhir}/DocumentReference?patient=${patientId}&_count=1000&_elements=status`),
    read('searchFhirRecord', `${fhir}/Patient/${patientId}/DocumentReference?_count=1000`),
    read('readFhirEverything', `${fhir}/Patient/${patientId}/$everything?_count=1000`),
    read('readFhirTypeHistory', `${fhir}/DocumentReference/_history?_count=1000`),
    read('readFhirHistory', `${fhir}/_history?_count=1000`),
    read('readResourceChanges', `${stored}/_history?connectionId=${connectionId}&_count=1000`),
    read(
      'searchResources',
      `${stored}/Patient?connectionId=${connectionId}&_id=${patientId}&_revinclude=DocumentReference:subject`,
    ),
  ];
}

/** Bodies for every endpoint that takes JSON, as large as the API reads. */
export const hostileBodies: Readonly<Record<string, string>> = {
  'many fields': largest(bodyBytes, (count) =>
    JSON.stringify(Object.fromEntries(values(count).map((name) => [name, 1]))),
  ),
  'a long list': largest(bodyBytes, (count) => JSON.stringify(values(count))),
  'many levels': largest(bodyBytes, (count) => `{"a":${'['.repeat(count)}${']'.repeat(count)}}`),
  'a long text': largest(bodyBytes, (count) => JSON.stringify({ name: 'a '.repeat(count) })),
};
