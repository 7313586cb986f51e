import { expect, test } from '@jest/globals';
import { parseSearch } from './parse-search.ts';

const parse = (query: string, type = 'Observation') => parseSearch(type, new URLSearchParams(query));

function accepted(query: string, type?: string) {
  const result = parse(query, type);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.request;
}

const nothing = { patients: [], tokens: [], dates: [], lastUpdated: [] };
const january14 = { start: new Date('2013-01-14T00:00:00.000Z'), end: new Date('2013-01-14T23:59:59.999Z') };

test.each([
  { query: '', search: {} },
  { query: '_id=a', search: { ids: ['a'] } },
  { query: '_id=a,b,a&_id=b,c', search: { ids: ['b'] } },
  { query: '_id=a&_id=b', search: { ids: [] } },
  { query: 'patient=p1', search: { patients: [['p1']] } },
  { query: 'patient=Patient/p1,p2', search: { patients: [['p1', 'p2']] } },
  { query: 'patient=p1,p2&patient=p3', search: { patients: [['p1', 'p2'], ['p3']] } },
  { query: 'patient=https://ehr.example/fhir/r4/Patient/a-1.E-2', search: { patients: [['a-1.E-2']] } },
  { query: 'patient=http://ehr.example/fhir/Patient/p1', search: { patients: [['p1']] } },
  { query: 'status=final,amended', search: { tokens: [['status=final', 'status=amended']] } },
  {
    query: 'category=LAB&code=http://loinc.org|8302-2',
    search: { tokens: [['code=http://loinc.org|8302-2'], ['category=LAB']] },
  },
  { query: 'code=|x', search: { tokens: [['code=|x']] } },
  { query: 'code=a&code=b', search: { tokens: [['code=a'], ['code=b']] } },
  { query: 'code=a\\,b,c\\|d,e\\\\', search: { tokens: [['code=a,b', 'code=c|d', 'code=e\\']] } },
  { query: 'date=2013-01-14', search: { dates: [[{ prefix: 'eq', ...january14 }]] } },
  {
    query: 'date=ge2013-01-14,lt2013-01-14',
    search: {
      dates: [
        [
          { prefix: 'ge', ...january14 },
          { prefix: 'lt', ...january14 },
        ],
      ],
    },
  },
  { query: '_lastUpdated=sa2013-01-14', search: { lastUpdated: [[{ prefix: 'sa', ...january14 }]] } },
])('parseSearch reads "$query"', ({ query, search }) => {
  expect(accepted(query).search).toEqual({ ...nothing, ...search });
});

test.each([
  { query: 'identifier=http://mrn|7', type: 'Patient', search: { tokens: [['identifier=http://mrn|7']] } },
  { query: 'gender=female,male', type: 'Patient', search: { tokens: [['gender=female', 'gender=male']] } },
  { query: 'birthdate=2013-01-14', type: 'Patient', search: { dates: [[{ prefix: 'eq', ...january14 }]] } },
  { query: 'family=Mü', type: 'Patient', search: { texts: [[{ keys: ['family'], prefix: 'MU' }]] } },
  {
    query: 'name=a\\,b,c',
    type: 'Patient',
    search: {
      texts: [
        [
          { keys: ['name', 'family', 'given'], prefix: 'A,B' },
          { keys: ['name', 'family', 'given'], prefix: 'C' },
        ],
      ],
    },
  },
  { query: 'clinical-status=http://s|active', type: 'Condition', search: { tokens: [['status=http://s|active']] } },
  { query: 'subject=Patient/p1', type: 'Condition', search: { patients: [['p1']] } },
  {
    query: 'subject=Patient/p1,p2&patient=Patient?_id=p1',
    type: 'Condition',
    search: { patients: [['p1'], ['p1', 'p2']] },
  },
  {
    query: 'authored=2013-01-14',
    type: 'ServiceRequest',
    search: { dates: [[{ prefix: 'eq', ...january14 }]], present: [['authoredOn']] },
  },
  {
    query: 'practitioner=Practitioner/d1&specialty=x',
    type: 'PractitionerRole',
    search: { tokens: [['practitioner=d1'], ['specialty=x']] },
  },
  {
    query: 'patient=p1&status:not=final,amended&code:not=http://loinc.org|4548-4',
    type: 'Observation',
    search: {
      patients: [['p1']],
      excluded: [
        { name: 'code:not', tokens: ['code=http://loinc.org|4548-4'] },
        { name: 'status:not', tokens: ['status=final', 'status=amended'] },
      ],
    },
  },
  {
    query: 'patient=p1&encounter=e1&performer=Practitioner/d1,https://ehr.example/fhir/r4/Organization/o1',
    type: 'Observation',
    search: {
      patients: [['p1']],
      references: [
        { name: 'encounter', paths: ['encounter'], targets: [{ type: 'Encounter', id: 'e1' }] },
        {
          name: 'performer',
          paths: ['performer'],
          targets: [
            { type: 'Practitioner', id: 'd1' },
            { type: 'Organization', id: 'o1' },
          ],
        },
      ],
    },
  },
])('parseSearch reads "$query" of a $type', ({ query, type, search }) => {
  expect(accepted(query, type).search).toEqual({ ...nothing, ...search });
});

test.each([
  { query: 'code=x', type: 'Patient', path: 'code', message: /for Patient: .*identifier/ },
  { query: 'family=x', type: 'Observation', path: 'family', message: /not a parameter/ },
  { query: 'family=%CC%81', type: 'Patient', path: 'family', message: /no letters/ },
  { query: 'name:exact=x', type: 'Patient', path: 'name:exact', message: /Only ":not" is, for .*gender/ },
  { query: 'gender=x|male', type: 'Patient', path: 'gender', message: /a gender has none/ },
  { query: 'practitioner:not=d1', type: 'PractitionerRole', path: 'practitioner:not', message: /for .*specialty/ },
  { query: 'practitioner=Patient/x', type: 'PractitionerRole', path: 'practitioner', message: /not a practitioner/ },
  { query: 'performer=d1', type: 'Observation', path: 'performer', message: /type and id/ },
  { query: '_summary=true', type: 'Patient', path: '_summary', message: /_elements/ },
  { query: '_elements=a.b', type: 'Patient', path: '_elements', message: /not the name of an element/ },
])('parseSearch rejects "$query" of a $type', ({ query, type, path, message }) => {
  expect(parse(query, type)).toEqual({ faults: [{ path, message: expect.stringMatching(message) }] });
});

test('parseSearch reads the size, the total and the start of a page', () => {
  expect(accepted('')).toMatchObject({ count: 100, withTotal: false });
  expect(accepted('_count=1000&_total=accurate&_cursor=abc')).toMatchObject({
    count: 1000,
    withTotal: true,
    cursor: 'abc',
  });
  expect([accepted('_total=none').withTotal, accepted('_total=estimate').withTotal]).toEqual([false, true]);
});

test.each([
  { query: 'pateint=x', path: 'pateint', message: /not a parameter of this search.*patient/ },
  { query: 'paitent:exact=x', path: 'paitent:exact', message: /not a parameter of this search/ },
  { query: 'date:not=2024', path: 'date:not', message: /not supported for it. Only ":not" is, for .*status/ },
  { query: 'status:not=a|b', path: 'status:not', message: /has none/ },
  { query: 'status:not=', path: 'status:not', message: /empty/ },
  { query: 'status:not:not=final', path: 'status:not:not', message: /not supported/ },
  {
    query: 'patient.identifier=1',
    path: 'patient.identifier',
    message:
      /^is a chain, and chains are not supported. Search Patient by `identifier` first, and use the ids as `patient`$/,
  },
  {
    query: 'subject:Patient.name=x',
    path: 'subject:Patient.name',
    message: /^is a chain, .* Search Patient by `name` first, and use the ids as `subject`$/,
  },
  {
    query: 'patient.shoe=1',
    path: 'patient.shoe',
    message: /^is a chain, .* Search what it references first/,
  },
  { query: 'encounter.date=2024', path: 'encounter.date', message: /Search what it references first/ },
  { query: 'code.text=x', path: 'code.text', message: /^is not a parameter of this search/ },
  { query: 'patient=', path: 'patient', message: /empty/ },
  { query: 'code=a,,b', path: 'code', message: /empty/ },
  { query: 'patient=Patient/..', path: 'patient', message: /not a patient/ },
  { query: 'patient=Group/x', path: 'patient', message: /not a patient/ },
  { query: 'patient=Patient/a/b', path: 'patient', message: /not a patient/ },
  { query: '_id=a/b', path: '_id', message: /not an id/ },
  { query: 'code=http://loinc.org|', path: 'code', message: /without a code/ },
  { query: 'code=a|b|c', path: 'code', message: /more than one/ },
  { query: 'status=x|final', path: 'status', message: /only the code/ },
  { query: 'date=ap2024', path: 'date', message: /unknown prefix/ },
  { query: 'date=yesterday', path: 'date', message: /prefix/ },
  { query: 'date=2024-02-30', path: 'date', message: /not a date/ },
  { query: 'date=2024&date=ge', path: 'date.1', message: /not a date/ },
  { query: '_lastUpdated=gt2024-01-01T00:00:00+01:00', path: '_lastUpdated', message: /%2B/ },
  { query: '_count=0', path: '_count', message: /1 to 1000/ },
  { query: '_count=1001', path: '_count', message: /1 to 1000/ },
  { query: '_count=1e2', path: '_count', message: /1 to 1000/ },
  { query: '_count=1&_count=2', path: '_count', message: /more than once/ },
  { query: '_total=exact', path: '_total', message: /accurate/ },
])('parseSearch rejects "$query" with a fault at $path', ({ query, path, message }) => {
  expect(parse(query)).toEqual({ faults: [{ path, message: expect.stringMatching(message) }] });
});

test('parseSearch hints at an unescaped "+" only if an invalid date contains a space', () => {
  const faultOf = (query: string) => JSON.stringify(parse(query));
  expect(faultOf('date=2024-02-30')).not.toContain('%2B');
  expect(faultOf('date=2024-02-30T10:00:00 01:00')).toContain('%2B');
});

test('parseSearch reads no cursor if the query has none', () => {
  expect(accepted('')).not.toHaveProperty('cursor');
});

test('parseSearch reports every fault', () => {
  const result = parse('_sort=name&date=x1&_count=-1&patient=p&patient=a%20b,c%20d');
  const faults = 'faults' in result ? result.faults : [];
  expect(faults.map(({ path }) => path).sort()).toEqual(['_count', '_sort', 'date', 'patient.1', 'patient.1']);
});

test('parseSearch reports the same fault of several alternatives once', () => {
  const message = 'has an empty value. Set a value or remove the parameter';
  expect(parse('patient=,,')).toEqual({ faults: [{ path: 'patient', message }] });
});

const list = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`).join(',');
const dates = (count: number) => Array(count).fill('2024').join(',');
const times = (count: number, parameter: string) => Array(count).fill(parameter).join('&');

test.each([
  { query: `_id=${list(1000)}`, refused: `_id=${list(1001)}`, fault: ['_id', 'has more than 1000 alternatives'] },
  { query: times(10, 'code=a'), refused: times(11, 'code=a'), fault: ['code', 'occurs more than 10 times'] },
  {
    query: `_elements=${list(60)}&_elements=${list(60)}`,
    refused: `_elements=${list(61)}`,
    fault: ['_elements', 'has more than 60 alternatives'],
  },
  {
    query: `_elements=${list(60)}`,
    refused: `_elements=${list(60)}&_elements=b1,b2`,
    fault: ['_elements', 'names more than 60 elements'],
  },
  { query: `patient=${list(50)}`, refused: `patient=${list(51)}`, fault: ['patient', 'has more than 50 alternatives'] },
  { query: `date=${dates(20)}`, refused: `date=${dates(21)}`, fault: ['date', 'has more than 20 alternatives'] },
  { query: times(4, 'date=2024'), refused: times(5, 'date=2024'), fault: ['date', 'occurs more than 4 times'] },
  {
    query: times(4, '_lastUpdated=2024'),
    refused: times(5, '_lastUpdated=2024'),
    fault: ['_lastUpdated', 'occurs more than 4 times'],
  },
  {
    query: `_include=${includes(20)}`,
    refused: [includes(20), 'Encounter:patient'].map((each) => `_include=${each}`).join('&'),
    fault: ['_include', 'names more than 20 references'],
  },
])('a search is refused above a limit: $fault', ({ query, refused, fault: [path, message] }) => {
  expect(accepted(query)).toBeDefined();
  expect(parse(refused)).toEqual({ faults: [{ path, message }] });
});

function includes(count: number): string {
  const types = ['Patient', 'Group', 'Location', 'Device', 'Practitioner', 'Medication', 'Substance', 'Specimen'];
  const named = ['patient', 'subject', 'encounter'].flatMap((name) =>
    types.map((type) => `Observation:${name}:${type}`),
  );
  return named.slice(0, count).join(',');
}

test('a parameter that is repeated with the same reference includes it once', () => {
  expect(accepted(times(20, '_include=Observation:subject')).includes).toHaveLength(1);
});

test('a search with more faults than a person reads reports the first twenty', () => {
  const result = parse(Array.from({ length: 100 }, (_, index) => `x${index}=1`).join('&'));
  expect('faults' in result && result.faults.map(({ path }) => path)).toEqual(
    Array.from({ length: 20 }, (_, index) => `x${index}`),
  );
});
