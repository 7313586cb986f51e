import { authorizeQuerySchema } from '@bulkhead/connections/commands';
import { defineEndpoint, type ErrorPage } from '../../../http/define-endpoint.ts';
import { authorizationProblemPage } from './authorization-page.ts';
import { sendToEhr, toEhr } from './send-to-ehr.ts';

/** For the browser of an operator. */
export const authorize = defineEndpoint({
  id: 'authorize',
  method: 'get',
  path: '/api/ehr/:provider/authorize',
  action: 'connection.authorize',
  access: 'operator',
  audited: true,
  summary: 'The same for an operator’s own browser, which is sent on at once',
  request: { query: authorizeQuerySchema },
  responses: toEhr,
  errors: [
    'unknown-connection',
    'not-authorizable',
    'redirect-uri-missing',
    'authorization-failed',
    'authorization-pending',
    'authorization-used',
  ],
  errorPage,
  async handler({ params: { provider }, query, services, response }) {
    sendToEhr(response, await services.authorizations.authorize({ provider, body: query }));
  },
});

/** Leads an operator who could not be sent to the EHR back to the connection. */
function errorPage({ request, problem }: Parameters<ErrorPage>[0]) {
  const { provider = '' } = request.params as { readonly provider?: string };
  const { connectionId } = request.query;
  const place = { provider, isDone: false, ...(typeof connectionId === 'string' ? { connectionId } : {}) };
  return authorizationProblemPage({ problem, place });
}
