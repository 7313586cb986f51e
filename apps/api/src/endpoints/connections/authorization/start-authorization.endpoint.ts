import { z } from 'zod';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { sendToEhr, strangersErrorPage, toEhr } from './send-to-ehr.ts';

export const startAuthorization = defineEndpoint({
  id: 'startAuthorization',
  method: 'get',
  path: '/api/ehr/authorize/start',
  access: 'anyone',
  isLimitedByAddress: true,
  summary: 'Where an invitation leads',
  request: { query: z.strictObject({ token: z.string().min(1).max(200) }) },
  responses: toEhr,
  errors: [
    'invalid-request',
    'authorization-used',
    'authorization-failed',
    'authorization-pending',
    'too-many-requests',
    'unavailable',
  ],
  errorPage: strangersErrorPage,
  async handler({ query: { token }, services, response }) {
    sendToEhr(response, await services.authorizations.start(token));
  },
});
