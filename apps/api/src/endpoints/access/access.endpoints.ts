import { endpointGroup } from '../../http/endpoint-group.ts';
import { diagnose } from '../monitoring/diagnose.endpoint.ts';
import { createApiKey } from './create-api-key.endpoint.ts';
import { getSession } from './get-session.endpoint.ts';
import { listApiKeys } from './list-api-keys.endpoint.ts';
import { listAuditEvents } from './list-audit-events.endpoint.ts';
import { revokeApiKey } from './revoke-api-key.endpoint.ts';
import { verifyAuditEvents } from './verify-audit-events.endpoint.ts';

export const accessEndpoints = endpointGroup({
  name: 'Access',
  description: 'Who may call the API, and who did what.',
  endpoints: [getSession, createApiKey, listApiKeys, revokeApiKey, diagnose, listAuditEvents, verifyAuditEvents],
});
