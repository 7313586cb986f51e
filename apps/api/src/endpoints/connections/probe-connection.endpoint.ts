import { factsFileSchema, probeBodySchema, probeStateSchema } from '@bulkhead/connections/commands';
import { at, later, success } from '@bulkhead/http/schemas';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions, providerActions } from './connection.actions.ts';

const file = {
  provider: 'athenahealth',
  environment: 'preview',
  measuredAt: later,
  version: '1.0.0',
  used: { requests: 31, exports: 4 },
  facts: {
    since: { value: 'accepted', how: 'a kick-off by GET with `_since`, `_typeFilter`: 202' },
    pageSize: { value: 50, how: 'a search of Observation that has a next page', known: 100, differs: true },
  },
} as const;

const state = {
  plan: { requests: 80, exports: 7 },
  probe: {
    phase: 'completed',
    limits: { requests: 80, exports: 7 },
    used: file.used,
    createdAt: at,
    endedAt: later,
    rows: [
      {
        name: 'pageSize',
        title: 'the largest page of a search',
        value: '50',
        known: '100',
        differs: true,
        how: 'a search of Observation that has a next page',
      },
    ],
    file,
  },
} as const;

const route = '/api/ehr/connections/:id/probe';

const readProbe = defineEndpoint({
  id: 'readProbe',
  route: `GET ${route}`,
  action: connectionActions.readProbe,
  summary: 'Return the last probe of a connection, and what the next one would send at most',
  description:
    'Returns `plan`, the most requests and exports of a probe, and the last probe with its facts. After its end, `file` is a file of facts without data of patients.',
  responses: { 200: success('The plan, and the last probe', { data: probeStateSchema, example: state }) },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: await services.probes.read({ id, scope }) };
  },
});

const startProbe = defineEndpoint({
  id: 'startProbe',
  route: `POST ${route}`,
  action: connectionActions.probe,
  summary: 'Measure what the EHR of a connection does',
  description:
    'Starts a probe. It sends at most the requests of its plan, starts at most its exports, and deletes each of them at the EHR. Read its progress with GET until `endedAt` is there.',
  request: { body: { schema: probeBodySchema, isOptional: true, example: { exports: 7 } } },
  responses: { 202: success('The probe was started', { data: probeStateSchema, example: state }) },
  errors: ['unknown-connection', 'probe-running'],
  async handler({ params: { id }, body, caller: { scope }, services }) {
    const data = await services.probes.start({ id, scope }, body ?? {});
    return { data, location: `/api/ehr/connections/${id}/probe` };
  },
});

const cancelProbe = defineEndpoint({
  id: 'cancelProbe',
  route: `DELETE ${route}`,
  action: connectionActions.cancelProbe,
  summary: 'Cancel a probe',
  description:
    'Stops the probe before its next request. It deletes its exports at the EHR and keeps what it has measured.',
  responses: { 200: success('The probe, which ends soon', { data: probeStateSchema, example: state }) },
  errors: ['unknown-connection', 'no-probe'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: await services.probes.cancel({ id, scope }) };
  },
});

const appliedSchema = z
  .strictObject({
    provider: z.string().describe('The provider whose entry it corrects.'),
    environment: z.string().describe('The environment in which it was measured.'),
  })
  .meta({ id: 'AppliedFacts', description: 'The entry that a file of facts corrects.' });

const applyFacts = defineEndpoint({
  id: 'applyFacts',
  route: 'PUT /api/ehr/provider-facts',
  action: providerActions.applyFacts,
  summary: 'Apply a file of facts to its provider',
  description:
    'Stores the facts of a file instead of earlier ones of the same provider and environment. All processes use them within some seconds. The providers file and the variable of an operator go before them. A file with a fault changes nothing.',
  request: { body: { schema: factsFileSchema, example: file } },
  responses: {
    200: success('The facts were stored', {
      data: appliedSchema,
      example: { provider: file.provider, environment: file.environment },
    }),
  },
  errors: ['unknown-provider'],
  async handler({ body, services, audit }) {
    const { provider, environment } = await services.probes.apply(body);
    audit.addTarget({ provider, environment });
    return { data: { provider, environment } };
  },
});

export const probeEndpoints = [readProbe, startProbe, cancelProbe, applyFacts] as const;
