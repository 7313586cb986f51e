import type { z } from 'zod';
import type { providerSchema } from '../provider.ts';

/** Something that is known of a vendor's servers. */
interface VendorFact {
  readonly fact: string;
  /** What Bulkhead does about it. */
  readonly does: string;
  readonly source: string;
  /** When the source was read, such as 2026-12-01. */
  readonly readAt: string;
}

/** A vendor of the registry. No request was ever sent to its servers: each setting rests on one of the facts. */
export interface Vendor {
  readonly entry: z.input<typeof providerSchema>;
  /** How an application without a user connects and exports. */
  readonly connect: {
    readonly method: 'private_key_jwt' | 'client_credentials';
    /** The FHIR endpoint of a practice. Absent if all practices have the same. */
    readonly fhirEndpoint?: string;
    /** A Group has an id that the practice or the vendor names. `listed`: of patients whom the practice names. `none`: no export is documented. */
    readonly level: 'Group' | 'Patient' | 'listed' | 'none';
    /** More options of `connections create`. */
    readonly options?: string;
  };
  readonly facts: readonly VendorFact[];
}
