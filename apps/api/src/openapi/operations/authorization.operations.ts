import { authorizeBodySchema, authorizeQuerySchema, callbackQuerySchema, launchQuerySchema } from '@bulkhead/service';
import { z } from 'zod';
import { instant, success } from '../../endpoints/common.schema.ts';
import { connectionId, later } from '../../endpoints/example-values.ts';
import { startQuerySchema } from '../../routes/browser.routes.ts';
import type { OperationGroup } from '../operation.ts';

const invitationSchema = z
  .strictObject({ startUrl: z.string(), expiresAt: instant })
  .meta({ id: 'Invitation', description: 'An address to be opened once, in a browser, within ten minutes.' });
const authorizedSchema = z.strictObject({ connectionId: z.string() }).meta({ id: 'Authorized' });
const invitationExample = {
  startUrl: 'https://bulkhead.example/api/ehr/authorize/start?token=auth_01a20ebbc9477ed4b36076ce74bec9ba.…',
  expiresAt: later,
};

const authorizedExample = { connectionId };

const toEhr = { 302: { description: 'To the EHR, where a user agrees' } };

export const authorizationOperations: OperationGroup = {
  name: 'Authorization',
  description: 'The authorization code flow of SMART App Launch, with PKCE: a user lets a connection read.',
  operations: [
    {
      method: 'post',
      path: '/api/ehr/:provider/authorize',
      id: 'inviteToAuthorize',
      summary: 'Make an address that a user opens once, to authorize a connection',
      access: 'operator',
      body: { schema: authorizeBodySchema, example: { practiceId: '195900' }, isOptional: true },
      answers: { 201: { description: 'Made', schema: success(invitationSchema), example: invitationExample } },
      errors: ['unknown-connection', 'not-authorizable', 'redirect-uri-missing'],
    },
    {
      method: 'get',
      path: '/api/ehr/:provider/authorize',
      id: 'authorize',
      summary: 'The same for an operator’s own browser, which is sent on at once',
      access: 'operator',
      isPage: true,
      query: authorizeQuerySchema,
      answers: toEhr,
      errors: [
        'unknown-connection',
        'not-authorizable',
        'redirect-uri-missing',
        'authorization-failed',
        'authorization-pending',
        'authorization-used',
      ],
    },
    {
      method: 'get',
      path: '/api/ehr/authorize/start',
      id: 'startAuthorization',
      summary: 'Where an invitation leads',
      access: 'anyone',
      isPage: true,
      query: startQuerySchema,
      answers: toEhr,
      errors: [
        'invalid-request',
        'authorization-used',
        'authorization-failed',
        'authorization-pending',
        'too-many-requests',
        'unavailable',
      ],
    },
    {
      method: 'get',
      path: '/api/ehr/:provider/launch',
      id: 'launch',
      summary: 'Where an EHR sends a browser that launches the application',
      access: 'anyone',
      isPage: true,
      query: launchQuerySchema,
      answers: toEhr,
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
    },
    {
      method: 'get',
      path: '/api/ehr/callback',
      id: 'authorizationCallback',
      summary: 'Where the EHR sends the browser back: the redirect URI of the registration',
      access: 'anyone',
      isPage: true,
      query: callbackQuerySchema,
      headers: z.object({ cookie: z.string().optional() }),
      answers: { 200: { description: 'Authorized', schema: success(authorizedSchema), example: authorizedExample } },
      errors: [
        'invalid-request',
        'authorization-unknown',
        'authorization-refused',
        'authorization-failed',
        'authorization-pending',
        'too-many-requests',
        'unavailable',
      ],
    },
  ],
};
