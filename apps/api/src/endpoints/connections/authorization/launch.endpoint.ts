import { launchQuerySchema } from '@bulkhead/connections/commands';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { sendToEhr, strangersErrorPage, toEhr } from './send-to-ehr.ts';

export const launch = defineEndpoint({
  id: 'launch',
  method: 'get',
  path: '/api/ehr/:provider/launch',
  access: 'anyone',
  isLimitedByAddress: true,
  summary: 'Where an EHR sends a browser that launches the application',
  request: { query: launchQuerySchema },
  responses: toEhr,
  errors: [
    'invalid-request',
    'unknown-provider',
    'unknown-issuer',
    'redirect-uri-missing',
    'authorization-failed',
    'authorization-pending',
    'too-many-requests',
    'unavailable',
  ],
  errorPage: strangersErrorPage,
  async handler({ params: { provider }, query: { iss, launch: launchId }, services, response }) {
    sendToEhr(response, await services.authorizations.launch({ provider, iss, launch: launchId }));
  },
});
