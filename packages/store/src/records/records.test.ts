import { expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import { z } from 'zod';
import { countSchema, sumsOf, withheldCountSchema, zerosOf } from './counts.ts';
import { mongooseFieldsOf } from './mongoose-fields-of.ts';
import { viewOf, viewShapeOf } from './record-view.ts';

const recordSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['one', 'other']),
  count: z.int(),
  isOpen: z.boolean(),
  createdAt: z.date(),
  endedAt: z.date().exactOptional(),
  steps: z.array(
    z.strictObject({ at: z.date().meta({ description: 'When it began.' }), secret: z.string().exactOptional() }),
  ),
  types: z.array(z.string()).exactOptional(),
});

test('Mongoose requires the fields that are not optional, and stores objects and arrays as they are', () => {
  expect(mongooseFieldsOf(recordSchema)).toEqual({
    _id: String,
    kind: { type: String, required: true },
    count: { type: Number, required: true },
    isOpen: { type: Boolean, required: true },
    createdAt: { type: Date, required: true },
    endedAt: { type: Date, required: false },
    steps: { type: Schema.Types.Mixed, required: true },
    types: { type: Schema.Types.Mixed, required: false },
  });
});

test('the dates of a record are ISO texts in its view, at any depth', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const viewSchema = z.strictObject(viewShapeOf(recordSchema, ['createdAt', 'endedAt', { steps: ['at'] }]));
  const view = { createdAt: at, endedAt: at, steps: [{ at }] };
  expect(viewSchema.parse(view)).toEqual(view);
  expect(viewSchema.safeParse({ ...view, endedAt: new Date(at) }).success).toBe(false);
  expect(viewSchema.shape.steps.element.shape.at.description).toBe('When it began.');
});

test('a field without dates is the same schema in the view, so that its id exists once in the OpenAPI document', () => {
  expect(viewShapeOf(recordSchema, ['types']).types).toBe(recordSchema.shape.types);
});

test('a view of a record has the fields of its schema at any depth, with dates as ISO texts', () => {
  const shape = viewShapeOf(recordSchema, ['id', 'createdAt', 'endedAt', { steps: ['at'] }]);
  const viewSchema = z.strictObject({ ...shape, label: z.string().exactOptional() });
  const at = '1970-01-01T00:00:00.000Z';
  const record = { id: 'a', createdAt: new Date(0), steps: [{ at: new Date(0), secret: 'c' }], version: 1 };
  const view = viewOf(viewSchema, { ...record, endedAt: undefined, label: 'b' });
  expect(view).toStrictEqual({ id: 'a', createdAt: at, steps: [{ at }], label: 'b' });
  // @ts-expect-error: `endedAt` and `label` are not named
  viewOf(viewSchema, record);
  // @ts-expect-error: a required field must have a value
  viewOf(viewSchema, { ...record, id: undefined, endedAt: undefined, label: 'b' });
});

test('empty counts leave out those that may be absent, and sums name all of them', () => {
  const counts = { stored: countSchema, withheld: withheldCountSchema };
  expect(zerosOf(counts)).toEqual({ stored: 0 });
  expect(sumsOf(counts, '$checkpoint')).toEqual({
    stored: { $sum: '$checkpoint.stored' },
    withheld: { $sum: '$checkpoint.withheld' },
  });
});

test('a new field of a record is in no view that was written before', () => {
  const viewSchema = z.strictObject(viewShapeOf(recordSchema, ['id', 'kind']));
  expect(Object.keys(viewSchema.shape)).toEqual(['id', 'kind']);
  const record = { id: 'a', kind: 'one', secret: 'x' } as const;
  expect(viewOf(viewSchema, record)).toStrictEqual({ id: 'a', kind: 'one' });
});

test('a nested field of a record is in no view that does not name it', () => {
  const viewSchema = z.strictObject(viewShapeOf(recordSchema, ['id', { steps: ['at'] }]));
  expect(Object.keys(viewSchema.shape.steps.element.shape)).toEqual(['at']);
  const record = { id: 'a', steps: [{ at: '2026-01-01T00:00:00.000Z', secret: 'x' }], secret: 'y' };
  const view = { id: 'a', steps: [{ at: '2026-01-01T00:00:00.000Z' }] };
  expect(viewOf(viewSchema, record)).toStrictEqual(view);
  // @ts-expect-error: the fields of `steps` are not named
  viewShapeOf(recordSchema, ['id', 'steps']);
  // @ts-expect-error: a step has no such field
  expect(() => viewShapeOf(recordSchema, [{ steps: ['at', 'unknown'] }])).toThrow();
});
