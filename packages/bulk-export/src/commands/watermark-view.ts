import type { Watermark } from '../watermarks/watermark.ts';

/** Up to when a type is wholly stored, and by which export. */
export function toWatermarkView({ resourceType, exportType, at, exportId }: Watermark) {
  return { resourceType, level: exportType, until: at.toISOString(), exportId };
}
