import { describe, expect, test } from '@jest/globals';
import { readAttachments } from './attachments.ts';

describe('the attachments of a resource', () => {
  test('are at presentedForm and at content.attachment, each with its place', () => {
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
    { what: 'a name of Object', resource: { resourceType: 'constructor' } },
    { what: 'no list', resource: { resourceType: 'DiagnosticReport' } },
    { what: 'null', resource: { resourceType: 'DiagnosticReport', presentedForm: null } },
    { what: 'texts', resource: { resourceType: 'DiagnosticReport', presentedForm: ['x', 1, true, null] } },
    { what: 'no attachment', resource: { resourceType: 'DocumentReference', content: [{}, null, { attachment: [] }] } },
    { what: 'empty texts', resource: { resourceType: 'DiagnosticReport', presentedForm: [{ url: '', data: '' }] } },
    { what: 'numbers', resource: { resourceType: 'DiagnosticReport', presentedForm: [{ url: 1, data: {} }] } },
  ])('are none for $what', ({ resource }) => {
    expect(readAttachments(resource)).toEqual([]);
  });

  test.each([
    { size: 0, isKept: true },
    { size: 1.5, isKept: false },
    { size: '5', isKept: false },
    { size: Number.MAX_VALUE, isKept: false },
  ])('have the size $size: $isKept', ({ size, isKept }) => {
    const resource = { resourceType: 'DiagnosticReport', presentedForm: [{ url: 'x', size }] };
    expect(readAttachments(resource)).toEqual([{ index: 0, url: 'x', ...(isKept ? { size } : {}) }]);
  });

  test('keep what can be read beside what cannot', () => {
    const presentedForm = { url: 'x', size: -1, hash: 7, contentType: null, title: ['t'] };
    expect(readAttachments({ resourceType: 'DiagnosticReport', presentedForm } as object)).toEqual([
      { index: 0, url: 'x' },
    ]);
  });
});
