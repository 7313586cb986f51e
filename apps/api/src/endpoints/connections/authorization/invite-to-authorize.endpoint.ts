import { authorizeBodySchema } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { instant, success } from '../../common.schema.ts';
import { later } from '../../example-values.ts';

const invitationSchema = z
  .strictObject({ startUrl: z.string(), expiresAt: instant })
  .meta({ id: 'Invitation', description: 'An address to be opened once, in a browser, within ten minutes.' });

const invitationExample = {
  startUrl: 'https://bulkhead.example/api/ehr/authorize/start?token=auth_01a20ebbc9477ed4b36076ce74bec9ba.…',
  expiresAt: later,
};

/** For programs, which have a key and no browser. */
export const inviteToAuthorize = defineEndpoint({
  id: 'inviteToAuthorize',
  method: 'post',
  path: '/api/ehr/:provider/authorize',
  action: 'connection.authorize',
  access: 'operator',
  audited: true,
  summary: 'Make an address that a user opens once, to authorize a connection',
  request: { body: { schema: authorizeBodySchema, example: { practiceId: '195900' }, isOptional: true } },
  responses: { 201: { description: 'Made', schema: success(invitationSchema), example: invitationExample } },
  errors: ['unknown-connection', 'not-authorizable', 'redirect-uri-missing'],
  async handler({ params: { provider }, body, services, audit }) {
    const { connectionId } = body;
    if (connectionId !== undefined) audit.target = { connectionId };
    return { data: await services.authorizations.invite({ provider, body }) };
  },
});
