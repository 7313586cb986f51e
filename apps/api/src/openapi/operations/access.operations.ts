import { apiKeyBodySchema, auditCheckQuerySchema, auditQuerySchema, signingKeyBodySchema } from '@bulkhead/service';
import { z } from 'zod';
import { page, success } from '../../endpoints/common.schema.ts';
import type { OperationGroup } from '../operation.ts';
import {
  apiKeySchema,
  auditCheckSchema,
  auditEventSchema,
  diagnosisCheckSchema,
  jwksSchema,
  newApiKeySchema,
  sessionSchema,
  signingKeySchema,
} from '../schemas/access.schema.ts';
import {
  apiKeyExample,
  auditCheckExample,
  auditEventExample,
  diagnosisExample,
  jwksExample,
  sessionExample,
  signingKeyExample,
} from './examples.ts';

const path = '/api/ehr/api-keys';

export const accessOperations: OperationGroup = {
  name: 'Access',
  description: 'Who may call the API, and who did what.',
  operations: [
    {
      method: 'get',
      path: '/api/ehr/session',
      id: 'getSession',
      summary: 'Who is asking, and until when the key or the session is good',
      answers: { 200: { description: 'Who', schema: success(sessionSchema), example: sessionExample } },
      errors: [],
    },
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
          example: { ...apiKeyExample, key: 'bulkhead_000000000000000000000000000000000000000000000000000000000' },
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
      path: '/api/ehr/diagnosis',
      id: 'diagnose',
      summary: 'Redis, MongoDB, workers and connections: what is not as it should be, and what to do',
      access: 'operator',
      answers: {
        200: { description: 'Checks', schema: success(z.array(diagnosisCheckSchema)), example: diagnosisExample },
      },
      errors: [],
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
    {
      method: 'get',
      path: '/api/ehr/audit-events/verification',
      id: 'verifyAuditEvents',
      summary: 'Whether events were changed, removed or added since they were written',
      description:
        'Reads the hash chain from its beginning, or on from `after`, up to `limit` events. Keep `last` of a complete check elsewhere and send it as `expectedHead` of the next one: only that finds removed newest events.',
      access: 'operator',
      query: auditCheckQuerySchema,
      answers: { 200: { description: 'The result', schema: success(auditCheckSchema), example: auditCheckExample } },
      errors: [],
    },
  ],
};

const signingKeys = '/api/ehr/signing-keys';

export const signingKeyOperations: OperationGroup = {
  name: 'Signing keys',
  description: 'SMART Backend Services: what client assertions are signed with, and its public half.',
  operations: [
    {
      method: 'post',
      path: signingKeys,
      id: 'createSigningKey',
      summary: 'Make a key pair, or bring one',
      description: 'It is published at once and signs after an hour, when servers have learnt of it.',
      access: 'operator',
      body: { schema: signingKeyBodySchema, example: { alg: 'ES384' } },
      answers: {
        201: { description: 'Published', schema: success(signingKeySchema), example: signingKeyExample },
      },
      errors: [],
    },
    {
      method: 'get',
      path: signingKeys,
      id: 'listSigningKeys',
      summary: 'Every signing key, retired ones too',
      access: 'operator',
      answers: {
        200: { description: 'Keys', schema: success(z.array(signingKeySchema)), example: [signingKeyExample] },
      },
      errors: [],
    },
    {
      method: 'post',
      path: `${signingKeys}/:kid/activate`,
      id: 'activateSigningKey',
      summary: 'Sign with a key from now on',
      access: 'operator',
      body: { isOptional: true },
      answers: { 200: { description: 'Active', schema: success(signingKeySchema), example: signingKeyExample } },
      errors: ['unknown-signing-key', 'signing-key-in-use'],
    },
    {
      method: 'post',
      path: `${signingKeys}/:kid/retire`,
      id: 'retireSigningKey',
      summary: 'Sign with a key no more; it stays published while something that it signed lives',
      access: 'operator',
      body: { isOptional: true },
      answers: { 200: { description: 'Retired', schema: success(signingKeySchema), example: signingKeyExample } },
      errors: ['unknown-signing-key', 'signing-key-in-use'],
    },
    {
      method: 'delete',
      path: `${signingKeys}/:kid`,
      id: 'deleteSigningKey',
      summary: 'Remove a key that was retired ten minutes ago or longer',
      access: 'operator',
      answers: { 204: { description: 'Removed' } },
      errors: ['unknown-signing-key', 'signing-key-in-use'],
    },
    {
      method: 'get',
      path: '/.well-known/jwks.json',
      id: 'getJwks',
      summary: 'The public keys, for EHRs',
      access: 'anyone',
      answers: {
        200: { description: 'Keys', schema: jwksSchema, contentType: 'application/jwk-set+json', example: jwksExample },
      },
      errors: ['unavailable'],
    },
  ],
};
