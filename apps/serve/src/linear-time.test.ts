import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readByteRange } from './endpoints/documents/read-document.endpoint.ts';
import { readRunParameters } from './endpoints/fhir/view-run.endpoints.ts';

test.each([
  { name: 'Range', parse: (header: string) => readByteRange({ header, sizeBytes: 10 }) },
  {
    name: 'Range with a unit',
    parse: (header: string) => readByteRange({ header, sizeBytes: 10 }),
    wrap: (run: string) => `bytes=${run}`,
  },
])('$name is read in time that grows no faster than its size', async ({ parse, wrap }) => {
  expect(await findSuperlinear({ parse, ...(wrap ? { wrap } : {}) })).toEqual([]);
});

test.each([
  { name: 'parameters', listElements: ['{"name":"resource","resource":{}}', '{"name":"a","valueString":"b"}'] },
  { name: 'wrong parameters', listElements: ['{"name":"a"}', '1'] },
])(
  'the body of an operation with $name is read in time that grows no faster than its size',
  async ({ listElements }) => {
    const parse = (body: string) => {
      try {
        readRunParameters(Buffer.from(body));
      } catch {
        // A refusal takes time, too.
      }
    };
    const wrap = (list: string) => `{"resourceType":"Parameters","parameter":${list}}`;
    expect(await findSuperlinear({ parse, wrap, listElements })).toEqual([]);
  },
);
