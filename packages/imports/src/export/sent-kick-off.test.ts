import { expect, test } from '@jest/globals';
import { sentKickOff } from './sent-kick-off.ts';
import { makeBulkExport } from './testing/index.ts';

const request = {
  exportType: 'Patient' as const,
  resourceTypes: ['Patient', 'Goal'],
  since: '2026-01-01T00:00:00Z',
  typeFilters: ['Goal?lifecycle-status=active'],
};
const statusUrl = 'https://ehr.example/status/1';
const everything = { method: 'GET', isOtherMethodRefused: false, since: request.since, refusedTypes: [] };

test.each([
  {
    name: 'without a refusal',
    droppedParameters: [],
    sent: { ...everything, types: request.resourceTypes, typeFilters: request.typeFilters },
  },
  {
    name: 'without a type, and by the other method',
    droppedParameters: ['_type=Goal', 'GET'],
    sent: {
      ...everything,
      ...{ method: 'POST', isOtherMethodRefused: true },
      ...{ types: ['Patient'], refusedTypes: ['Goal'], typeFilters: request.typeFilters },
    },
  },
  {
    name: 'without any parameter',
    droppedParameters: ['_since', '_type', '_typeFilter'],
    sent: { method: 'GET', isOtherMethodRefused: false, types: [], refusedTypes: [], typeFilters: [] },
  },
])(
  'a process of an earlier version that kicked an export off $name has sent the rest',
  ({ droppedParameters, sent }) => {
    expect(sentKickOff(makeBulkExport({ request, statusUrl, droppedParameters }))).toEqual(sent);
  },
);

test('nothing was sent before the kick-off is accepted, and what is stored counts afterwards', () => {
  expect(sentKickOff(makeBulkExport({ request }))).toBeUndefined();
  const sent = { method: 'POST' as const, isOtherMethodRefused: false, types: [], refusedTypes: [], typeFilters: [] };
  expect(sentKickOff(makeBulkExport({ request, statusUrl, sent }))).toEqual(sent);
});
