import { expect, test } from '@jest/globals';
import { athenahealthStatement, otherDeclaredTypes, patientSearchTypes } from '../../providers/testing/index.ts';
import { interpretStatement } from './capability-statement.ts';

const readAt = new Date('2024-01-15T10:00:00Z');
const statement = (change: object) => ({ resourceType: 'CapabilityStatement', ...change });
const exportOperation = [
  { name: 'export', definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export' },
];

test('interpretStatement reads levels, types, version and software', () => {
  const value = statement({
    fhirVersion: '4.0.1',
    software: { name: 'athenaOne' },
    rest: [
      {
        operation: [{ name: 'export', definition: 'x' }],
        resource: [
          { type: 'Patient', operation: exportOperation },
          { type: 'Group', operation: [{ name: 'other', definition: 'http://x/group-export' }] },
          { type: 'Observation' },
        ],
      },
    ],
  });
  expect(interpretStatement(value, readAt)).toEqual({
    readAt,
    exportLevels: ['system', 'patient', 'group'],
    resourceTypes: ['Patient', 'Group', 'Observation'],
    fhirVersion: '4.0.1',
    software: 'athenaOne',
  });
});

test.each([
  { what: 'an empty statement', value: statement({}), exportLevels: [], resourceTypes: [] },
  {
    what: 'operations other than export',
    exportLevels: [],
    resourceTypes: ['Patient'],
    value: statement({
      rest: [
        {
          operation: [{ name: 'validate' }],
          resource: [{ type: 'Patient', operation: [{ name: 'match', definition: 'm' }] }],
        },
      ],
    }),
  },
  {
    what: "a statement that only exports Groups, as athenahealth's",
    exportLevels: ['group'],
    resourceTypes: ['Group'],
    value: statement({ rest: [{ resource: [{ type: 'Group', operation: exportOperation }] }] }),
  },
  {
    what: 'several rest entries with invalid elements',
    exportLevels: ['patient'],
    resourceTypes: ['Patient'],
    value: statement({
      fhirVersion: 4,
      software: { name: {} },
      rest: [{}, { resource: [{ type: 7 }, { type: 'Patient', operation: exportOperation }] }],
    }),
  },
])('interpretStatement reads the levels and types of $what', ({ value, exportLevels, resourceTypes }) => {
  expect(interpretStatement(value, readAt)).toEqual({ readAt, exportLevels, resourceTypes });
});

test('interpretStatement lists the searchable types if the statement lists interactions', () => {
  const resource = (type: string, ...codes: string[]) => ({ type, interaction: codes.map((code) => ({ code })) });
  const read = (resources: unknown) => interpretStatement(statement({ rest: [{ resource: resources }] }), readAt);
  const resources = [resource('Patient', 'read'), resource('Observation', 'read', 'search-type'), { type: 'Group' }];
  expect(read(resources).searchTypes).toEqual(['Observation']);
  expect(read([resource('Group', 'read')]).searchTypes).toEqual([]);
  expect(read([{ type: 'Patient' }, { type: 'Group', interaction: null }])).not.toHaveProperty('searchTypes');
});

test.each([
  { value: undefined },
  { value: null },
  { value: '<html>planted</html>' },
  { value: [] },
  { value: { resourceType: 'OperationOutcome' } },
])('interpretStatement rejects $value', ({ value }) => {
  expect(() => interpretStatement(value, readAt)).toThrow(
    expect.objectContaining({ code: 'capabilities-not-understood', retry: 'briefly' }),
  );
});

test.each([
  { what: 'rest', change: { rest: {} } },
  { what: 'resource', change: { rest: [{ resource: null, operation: null }] } },
  { what: 'an entry', change: { rest: [null] } },
  {
    what: 'an operation',
    change: { rest: [{ operation: [null], resource: [null, { type: 'Patient', operation: {} }] }] },
  },
])('interpretStatement accepts or rejects $what of a wrong shape without crashing', ({ change }) => {
  const read = () => interpretStatement(statement(change), readAt);
  try {
    expect(read().exportLevels).toEqual([]);
  } catch (error) {
    expect(error).toMatchObject({ code: 'capabilities-not-understood' });
  }
});

test('interpretStatement finds what athenahealth declared on 2026-08-14', () => {
  const read = interpretStatement(athenahealthStatement, readAt);
  expect(read.exportLevels).toEqual(['group']);
  expect(read.patientSearchTypes).toEqual(patientSearchTypes);
  expect(read.resourceTypes).toEqual([...patientSearchTypes, ...otherDeclaredTypes, 'Group']);
});

test.each([
  { what: 'no parameters', searchParam: undefined, types: undefined },
  { what: 'others', searchParam: [{ name: 'code' }], types: [] },
  { what: 'a wrong shape', searchParam: { name: 'patient' }, types: undefined },
  { what: 'a parameter of a wrong shape', searchParam: [null, 'patient', { name: ['patient'] }], types: [] },
])(
  'interpretStatement lists types that are searched by patient if a search declares $what',
  ({ searchParam, types }) => {
    const value = statement({ rest: [{ resource: [{ type: 'Goal', ...(searchParam ? { searchParam } : {}) }] }] });
    expect(interpretStatement(value, readAt).patientSearchTypes).toEqual(types);
  },
);

test.each([
  { stated: {}, version: undefined },
  { stated: { instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'] }, version: undefined },
  { stated: { instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data|2.0.0'] }, version: 2 },
  {
    stated: {
      instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data|1.0.1'],
      implementationGuide: [null, 'http://hl7.org/fhir/uv/bulkdata|3.0.0', 'http://hl7.org/fhir/us/core|6.1.0'],
    },
    version: 3,
  },
  { stated: { instantiates: 'x|9', implementationGuide: ['https://evil.example/uv/bulkdata|9'] }, version: undefined },
  { stated: { implementationGuide: ['http://hl7.org/fhir/uv/bulkdata|latest'] }, version: undefined },
])('the version of bulk data of a statement with $stated is $version', ({ stated, version }) => {
  const statement = { resourceType: 'CapabilityStatement', ...stated };
  expect(interpretStatement(statement, new Date()).bulkDataVersion).toBe(version);
});
