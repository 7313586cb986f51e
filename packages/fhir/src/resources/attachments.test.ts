import { expect, test } from '@jest/globals';
import { readAttachments } from './attachments.ts';

test('attachments are read from presentedForm and content.attachment, with their position', () => {
  const attachment = { contentType: 'application/pdf', url: 'Binary/1', size: 5, hash: 'aGFzaA==', title: 'Report' };
  const report = { resourceType: 'DiagnosticReport', presentedForm: [{ title: 'none' }, attachment] };
  expect(readAttachments(report)).toEqual([{ ...attachment, index: 1 }]);
  const content = [{ attachment }, { attachment: { data: 'YQ==' } }];
  expect(readAttachments({ resourceType: 'DocumentReference', content } as object)).toEqual([
    { ...attachment, index: 0 },
    { data: 'YQ==', index: 1 },
  ]);
});

test.each([
  {
    what: 'a resource of another type',
    resource: { resourceType: 'Patient', content: [{ attachment: { url: 'x' } }] },
  },
  { what: 'a type that is the name of an Object member', resource: { resourceType: 'constructor' } },
  { what: 'a resource without the list', resource: { resourceType: 'DiagnosticReport' } },
  { what: 'a list that is null', resource: { resourceType: 'DiagnosticReport', presentedForm: null } },
  { what: 'primitive list items', resource: { resourceType: 'DiagnosticReport', presentedForm: ['x', 1, true, null] } },
  {
    what: 'list items without an attachment',
    resource: { resourceType: 'DocumentReference', content: [{}, null, { attachment: [] }] },
  },
  {
    what: 'attachments with empty strings',
    resource: { resourceType: 'DiagnosticReport', presentedForm: [{ url: '', data: '' }] },
  },
  {
    what: 'attachments with values of other types',
    resource: { resourceType: 'DiagnosticReport', presentedForm: [{ url: 1, data: {} }] },
  },
])('no attachment is read from $what', ({ resource }) => {
  expect(readAttachments(resource)).toEqual([]);
});

test.each([
  { size: 0, isKept: true },
  { size: 1.5, isKept: false },
  { size: '5', isKept: false },
  { size: Number.MAX_VALUE, isKept: false },
])('an attachment keeps the size $size: $isKept', ({ size, isKept }) => {
  const resource = { resourceType: 'DiagnosticReport', presentedForm: [{ url: 'x', size }] };
  expect(readAttachments(resource)).toEqual([{ index: 0, url: 'x', ...(isKept ? { size } : {}) }]);
});

test('the valid elements of an attachment are kept if others are invalid', () => {
  const presentedForm = { url: 'x', size: -1, hash: 7, contentType: null, title: ['t'] };
  expect(readAttachments({ resourceType: 'DiagnosticReport', presentedForm } as object)).toEqual([
    { index: 0, url: 'x' },
  ]);
});
