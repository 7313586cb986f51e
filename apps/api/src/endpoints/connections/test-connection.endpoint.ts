import { connectionDraftSchema, connectionTestViewSchema, toTestView } from '@bulkhead/connections/commands';
import { connectionId, success } from '@bulkhead/http/schemas';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions } from './connection.actions.ts';
import { connectionBodyExample, connectionTestExample } from './connection.examples.ts';

const startedTestSchema = z
  .strictObject({
    status: z.literal('IN_PROGRESS').describe('The test has not ended.'),
    url: z.string().describe('The path of the connection, as in `Location`.'),
  })
  .meta({
    id: 'StartedTest',
    description: 'The test is still running. Its result will be in the `lastTest` of the connection.',
  });

export const testConnection = defineEndpoint({
  id: 'testConnection',
  route: 'POST /api/ehr/connections/:id/test',
  action: connectionActions.test,
  summary: 'Test a connection: discovery, token, and a real read',
  description:
    'Finds the token endpoint, requests an access token and reads one resource. The response shows the first step that failed, and what to do. If the EHR is slow, the response is 202, and the result is in `lastTest` of the connection. A client key may test 10 times a minute, because each test needs a new token.',
  request: { body: { isOptional: true } },
  responses: {
    200: success('The result', { data: connectionTestViewSchema, example: connectionTestExample }),
    202: success('The test is still running', {
      data: startedTestSchema,
      example: {
        status: 'IN_PROGRESS',
        url: `/api/ehr/connections/${connectionId}`,
      },
    }),
  },
  errors: ['unknown-connection', 'too-many-requests'],
  async handler({ params: { id }, caller: { scope, apiKey }, services, process }) {
    await process.limits.countTest(apiKey);
    const test = await services.connections.test({ id, scope });
    if (test) return { data: toTestView(test) };
    const url = `/api/ehr/connections/${id}`;
    return { status: 202, location: url, data: { status: 'IN_PROGRESS', url } };
  },
});

export const testDraft = defineEndpoint({
  id: 'testDraft',
  route: 'POST /api/ehr/connections/test',
  action: connectionActions.testDraft,
  summary: 'Test a connection before it is saved',
  description: 'Runs the same steps as the test of a saved connection. Nothing of the request is kept.',
  request: {
    body: {
      schema: connectionDraftSchema.extend({
        connectionId: z
          .string()
          .max(100)
          .optional()
          .describe(
            'The connection that would get these credentials. Its stored secret is used if `clientSecret` is left out, and the client and the endpoints are the same.',
          ),
      }),
      example: connectionBodyExample,
    },
  },
  responses: { 200: success('The result', { data: connectionTestViewSchema, example: connectionTestExample }) },
  errors: ['unknown-provider', 'unknown-connection', 'connection-test-pending'],
  async handler({ body: { connectionId: id, ...body }, caller: { scope }, services, audit }) {
    audit.addTarget({ provider: body.provider });
    const of = id === undefined ? undefined : { id, scope };
    return { data: toTestView(await services.connections.testDraft({ body, of })) };
  },
});
