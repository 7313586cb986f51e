import { z } from 'zod';
import { isLineTarget } from './stream/create-line-sink.ts';

/** The variables that say how long audit events are kept, and where they are sent. */
export const auditEnvShape = {
  /** How long audit events are kept. The default is six years. */
  BULKHEAD_AUDIT_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  /** Where audit events are sent as they happen. They are sent nowhere if it is not set. */
  BULKHEAD_AUDIT_STREAM: z
    .string()
    .refine(
      isLineTarget,
      'must be stdout, syslog://host, syslog+tcp://host or syslog+tls://host, each with or without a port',
    )
    .optional(),
  BULKHEAD_AUDIT_FORMAT: z.enum(['json', 'fhir']).default('json'),
};
