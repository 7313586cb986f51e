import { exportTypes } from '@bulkhead/fhir';
import type { Immutable } from '@bulkhead/store';
import { z } from 'zod';

/** The limits of an export that names no types. */
const coverageSchema = z.strictObject({
  /** The scopes of its access token. */
  scope: z.string().exactOptional(),
  /** The types of the server's CapabilityStatement. */
  offered: z.array(z.string()).exactOptional(),
});
export type Coverage = Immutable<z.output<typeof coverageSchema>>;

/** The last transactionTime up to which everything of a type is stored, per connection, export level and type. */
export const watermarkSchema = z.strictObject({
  connectionId: z.string(),
  /** A Group's export says nothing about the patients outside of it, so the levels do not mix. */
  exportType: z.enum(exportTypes),
  resourceType: z.string(),
  /** As the server wrote it: the next export's `_since`. */
  transactionTime: z.string(),
  /** The same instant, for ordering. */
  at: z.date(),
  exportId: z.string(),
  /** What an export of every type could bring. Only of `everyType`; one that lacks it proves nothing. */
  coverage: coverageSchema.exactOptional(),
});
export type Watermark = Immutable<z.output<typeof watermarkSchema>>;
