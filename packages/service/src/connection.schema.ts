import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
/** FHIR ids and athenahealth's practice ids; anything else would end up in a URL path. */
const pathSegment = z.string().regex(/^[A-Za-z0-9\-._]{1,128}$/, 'must be 1-128 letters, digits, "-", "." or "_"');

export const connectionBodySchema = z.strictObject({
  provider: z.string().min(1).max(100),
  /** Left out: the provider's default. */
  environment: z.string().min(1).max(100).optional(),
  fhirEndpoint: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  practiceId: pathSegment.optional(),
  groupId: pathSegment.optional(),
  /** The patient that the connection is about, where it is about one. */
  userId: pathSegment.optional(),
  /** Whether it gets the provider's default schedule, where there is one. */
  schedule: z.boolean().default(true),
  auth: z.discriminatedUnion('method', [
    z.strictObject({ method: z.literal('none') }),
    z.strictObject({
      method: z.literal('client_credentials'),
      /** Left out: the provider's (ATHENAHEALTH_CLIENT_ID and _SECRET). */
      clientId: z.string().min(1).max(500).optional(),
      clientSecret: z.string().min(1).max(5000).optional(),
      tokenEndpoint: httpUrl.optional(),
      scope: z.string().min(1).max(5000).optional(),
    }),
  ]),
});
export type ConnectionBody = z.output<typeof connectionBodySchema>;
