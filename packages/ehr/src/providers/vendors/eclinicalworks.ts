import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';
/**
 * 250 requests a minute and practice. A day of minutes, because no limit of a day is published. A cold start does not wait for a minute and a half,
 * which a person who tests a connection does not have.
 */
const perMinute = { limit: 250, windowMs: 60_000, perDay: 360_000, coldStart: 'go' as const };

export const eClinicalWorks: Vendor = {
  entry: {
    id: 'eclinicalworks',
    name: 'eClinicalWorks',
    environments: {
      sandbox: {
        fhirEndpoint: 'https://fhir4.eclinicalworks.com/fhir/r4/JAFJCD',
        tokenEndpoint: 'https://oauthserver.eclinicalworks.com/oauth/oauth2/token',
        tokenRateLimit: perMinute,
      },
    },
    defaultEnvironment: 'sandbox',
    defaultScope: 'system/*.read',
    rateLimit: perMinute,
    limitCountsBy: 'server',
    endpointList: 'https://fhir.eclinicalworks.com/ecwopendev/external/practiceList',
  },
  connect: {
    method: 'private_key_jwt',
    fhirEndpoint: 'https://fhir4.eclinicalworks.com/fhir/r4/PRACTICE',
    level: 'Group',
  },
  facts: [
    {
      fact: 'each practice has a code in the path of one host; the published list has some 17,000 practices',
      does: 'connections choose their practice with `--fhir-endpoint`',
      source: 'fhir.eclinicalworks.com/ecwopendev/external/practiceList, as read by other clients',
      readAt,
    },
    {
      fact: 'tokens of all practices come from one server',
      does: 'sends credentials there (`tokenEndpoint`)',
      source: 'SMART configurations of practices, as read by other clients',
      readAt,
    },
    {
      fact: '250 requests a minute for each base URL since 2025-10-07; above it everything is refused until the minute ends',
      does: 'a sliding minute of 250 for each practice, which is stricter (`rateLimit`)',
      source: 'documentation of an integrator (app2.doordoc.com/docs/endpoints)',
      readAt,
    },
    {
      fact: 'to a second kick-off while an export runs the server returns 200, a `duplicate`, and no address of a status',
      does: 'waits, and sends the kick-off again',
      source: 'code of other clients',
      readAt: '2026-11-29',
    },
  ],
};
