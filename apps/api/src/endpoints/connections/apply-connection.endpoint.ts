import { parseJson } from '@bulkhead/http';
import { connectionId, success } from '@bulkhead/http/schemas';
import { connectionPlanSchema, desiredConnectionSchema } from '@bulkhead/system';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions } from './connection.actions.ts';

/** A cohort can have 700 kB. A file with more patients in one connection is refused by its reader, with the reason. */
const readBody = parseJson({ limit: '1mb' });
/** Compared within half a second, so that other requests do not wait. */
const maxEntries = 100;

const desiredExample = {
  name: 'Example practice',
  provider: 'athenahealth',
  practiceId: '195900',
  auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'the-secret', scopeVersion: 'v2' },
  schedules: [{ kind: 'export', cron: '0 2 * * *', timeZone: 'America/New_York' }],
};
const version = 'Xq3yC0u0yY0m3mPB1yGm1m5oY3h8r2cX0u4kq9d0b7E';
const planExample = {
  version,
  changes: ['create', 'new schedule export 0 2 * * * America/New_York'],
  others: [],
  faults: [],
  lastTest: 'none',
};

const planConnections = defineEndpoint({
  id: 'planConnections',
  route: 'POST /api/ehr/connections/plan',
  action: connectionActions.plan,
  summary: 'Compare connections with what they should be',
  description:
    'Finds the connections by their names, and returns what `applyConnection` would change, and every mistake. Nothing is changed. A secret that an entry leaves out stays.',
  request: {
    body: {
      schema: z
        .strictObject({
          connections: z
            .array(z.record(z.string(), z.unknown()))
            .min(1)
            .max(maxEntries)
            .describe(
              'The entries, each like `connection` of `applyConnection`. The mistakes of each are in its plan.',
            ),
        })
        .meta({ description: 'Connections as they should be.' }),
      example: { connections: [desiredExample] },
    },
    readBody,
  },
  responses: {
    200: success('A plan for each entry', {
      data: z
        .strictObject({ plans: z.array(connectionPlanSchema).describe('The plans, in the order of the entries.') })
        .meta({ id: 'ConnectionPlans', description: 'How connections differ from what they should be.' }),
      example: { plans: [planExample] },
    }),
  },
  async handler({ body: { connections }, services, audit }) {
    audit.addTarget({
      names: connections
        .map(({ name }) => String(name))
        .join(', ')
        .slice(0, longestTarget),
    });
    return { data: { plans: await services.applyConnection.plan(connections) } };
  },
});

const applyConnection = defineEndpoint({
  id: 'applyConnection',
  route: 'POST /api/ehr/connections/apply',
  action: connectionActions.apply,
  summary: 'Bring a connection to what it should be',
  description:
    'Creates the connection with this name, or changes what differs: its credentials, its origins, its webhook, its cohorts and its schedules. Nothing is deleted, and nothing is sent to the EHR: test the connection afterwards. If the connection is no longer as the plan with `version` saw it, nothing is changed.',
  request: {
    body: {
      schema: z
        .strictObject({
          connection: desiredConnectionSchema,
          version: z.string().max(100).describe('The `version` of the plan.'),
        })
        .meta({ description: 'A connection as it should be, and the plan that shows the changes.' }),
      example: { connection: desiredExample, version },
    },
    readBody,
  },
  responses: {
    200: success('The connection is as it should be', {
      data: z
        .strictObject({
          id: z.string().describe('The id of the connection.'),
          changes: z.array(z.string()).describe('What was changed, for people. Empty if nothing had to be.'),
        })
        .meta({ id: 'AppliedConnection', description: 'What was changed in a connection.' }),
      example: { id: connectionId, changes: planExample.changes },
    }),
  },
  errors: ['connection-changed-meanwhile'],
  async handler({ body: { connection: desired, version: seen }, services, audit }) {
    audit.addTarget({ name: desired.name });
    const { id, changes } = await services.applyConnection.apply({ desired, version: seen });
    audit.addTarget({
      id,
      connectionId: id,
      provider: desired.provider,
      changes: changes.join(', ').slice(0, longestTarget),
    });
    audit.addPatients(Object.values(desired.cohorts ?? {}).flatMap((cohort) => cohort.patients));
    audit.setChanged(changes.length > 0);
    return { data: { id, changes } };
  },
});

/** A target of the audit log has at most 1,000 characters. */
const longestTarget = 1000;

export const applyEndpoints = [planConnections, applyConnection] as const;
