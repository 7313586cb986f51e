import { addCounts, type Immutable } from '@bulkhead/base';
import { z } from 'zod';
import { countSchema } from './counts.ts';

/** Counts by name. Counts of zero are omitted. */
const numbersSchema = z.record(z.string(), countSchema);
type NumbersByName = Immutable<z.output<typeof numbersSchema>>;

export const dataAmountsSchema = z
  .strictObject({
    resources: numbersSchema.meta({
      description: 'The number of resources by type, without tombstones. Types with a count of zero are omitted.',
    }),
    records: numbersSchema.meta({
      description: 'The number of other records by kind. Kinds with a count of zero are omitted.',
    }),
    contentBytes: countSchema.meta({ description: 'The size of the contents of documents, as the EHR sent them.' }),
  })
  .meta({ id: 'DataAmounts', description: 'How much data is stored, or was deleted.' });
export type DataAmounts = Immutable<z.output<typeof dataAmountsSchema>>;

export const noAmounts: DataAmounts = { resources: {}, records: {}, contentBytes: 0 };

/** Omits counts of zero. */
export function amountsOf({ resources = {}, records = {}, contentBytes = 0 }: Partial<DataAmounts>): DataAmounts {
  return {
    resources: addCounts<NumbersByName>({}, resources),
    records: addCounts<NumbersByName>({}, records),
    contentBytes,
  };
}

export function sumAmounts(all: readonly DataAmounts[]): DataAmounts {
  return {
    resources: all.map(({ resources }) => resources).reduce(addCounts<NumbersByName>, {}),
    records: all.map(({ records }) => records).reduce(addCounts<NumbersByName>, {}),
    contentBytes: all.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
  };
}

export function sumBytes(contents: readonly { readonly sizeBytes: number }[]): number {
  return contents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
