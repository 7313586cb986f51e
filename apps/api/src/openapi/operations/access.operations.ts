import { apiKeyBodySchema, auditQuerySchema } from '@bulkhead/service';
import { z } from 'zod';
import type { OperationGroup } from '../operation.ts';
import { apiKeySchema, auditEventSchema, newApiKeySchema } from '../schemas/access.schema.ts';
import { page, success } from '../schemas/common.schema.ts';
import { apiKeyExample, auditEventExample } from './examples.ts';

const path = '/api/ehr/api-keys';

export const accessOperations: OperationGroup = {
  name: 'Access',
  description: 'Who may call the API, and who did what.',
  operations: [
    {
      method: 'post',
      path,
      id: 'createApiKey',
      summary: 'Make an API key; it is shown this once',
      access: 'operator',
      body: { schema: apiKeyBodySchema, example: { name: 'reporting', role: 'client', expiresInDays: 90 } },
      answers: {
        201: {
          description: 'Made',
          schema: success(newApiKeySchema),
          example: { ...apiKeyExample, key: 'bh_0000000000000000000000000000000000000000000' },
        },
      },
      errors: [],
    },
    {
      method: 'get',
      path,
      id: 'listApiKeys',
      summary: 'Every API key, revoked ones too',
      access: 'operator',
      answers: { 200: { description: 'Keys', schema: success(z.array(apiKeySchema)), example: [apiKeyExample] } },
      errors: [],
    },
    {
      method: 'delete',
      path: `${path}/:id`,
      id: 'revokeApiKey',
      summary: 'Revoke an API key',
      access: 'operator',
      answers: { 200: { description: 'Revoked', schema: success(apiKeySchema), example: apiKeyExample } },
      errors: ['unknown-api-key', 'last-operator-key'],
    },
    {
      method: 'get',
      path: '/api/ehr/audit-events',
      id: 'listAuditEvents',
      summary: 'Who did what, newest first',
      access: 'operator',
      query: auditQuerySchema,
      answers: { 200: { description: 'Events', schema: page(auditEventSchema), example: [auditEventExample] } },
      errors: [],
    },
  ],
};
