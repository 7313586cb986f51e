import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type Watermark, watermarkSchema } from '../watermarks/watermark.record.ts';

const { resourceType, exportType, at, deletionsAt, exportId, ...fields } = viewShapeOf(watermarkSchema, [
  'exportType',
  'resourceType',
  'at',
  'deletionsAt',
  'exportId',
]);

export const watermarkViewSchema = z
  .strictObject({ resourceType, level: exportType, until: at, deletionsUntil: deletionsAt, exportId, ...fields })
  .meta({
    id: 'Watermark',
    description:
      'The time up to which a type is wholly stored by exports of one level. The type `*` is for exports without a list of types.',
  });

export function toWatermarkView(watermark: Watermark): View<typeof watermarkViewSchema> {
  return viewOf(watermarkViewSchema, {
    ...watermark,
    level: watermark.exportType,
    until: watermark.at,
    deletionsUntil: watermark.deletionsAt,
  });
}
