import { connectionBodySchema, connectionNameSchema, connectionOriginsSchema } from '@bulkhead/connections/commands';
import { cohortBodySchema, cohortNameSchema } from '@bulkhead/imports/export/commands';
import { desiredScheduleSchema } from '@bulkhead/imports/schedules/commands';
import { webhookBodySchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';

const { origins, aliases } = connectionOriginsSchema.shape;
/** A person reads the plan of a connection as a whole. */
const maxSchedules = 50;

/** What a file says about one connection. A part that it leaves out stays as it is. */
export const desiredConnectionSchema = z
  .strictObject({
    ...connectionBodySchema.omit({ name: true, schedule: true }).shape,
    name: connectionNameSchema.describe('The name, by which a stored connection is found.'),
    origins: origins.optional(),
    aliases: aliases.optional(),
    webhook: webhookBodySchema
      .optional()
      .describe('The webhook. `secret` is needed if the connection has none. Default: it stays as it is.'),
    schedules: z
      .array(desiredScheduleSchema)
      .max(maxSchedules)
      .optional()
      .describe(
        'The schedules. One with another `kind` or `request` is another schedule. Default: they stay as they are, and a new connection gets that of its vendor.',
      ),
    cohorts: z
      .record(
        z.string().refine((name) => cohortNameSchema.safeParse(name).success),
        cohortBodySchema,
      )
      .optional()
      .describe('The cohorts by their names. Default: they stay as they are.'),
  })
  .meta({
    id: 'DesiredConnection',
    description: 'A connection with its webhook, schedules and cohorts, as it should be.',
  });
export type DesiredConnection = z.output<typeof desiredConnectionSchema>;

const faultSchema = z
  .strictObject({
    path: z.string().describe('The place in the entry, such as `auth.scope`.'),
    message: z.string().describe('What is wrong.'),
  })
  .meta({ id: 'PlanFault', description: 'A mistake in an entry. Nothing is applied while there is one.' });

export const connectionPlanSchema = z
  .strictObject({
    id: z.string().optional().describe('The id of the stored connection. Absent if it would be created.'),
    version: z
      .string()
      .describe('Stands for everything of the connection that was compared. `applyConnection` takes it.'),
    changes: z.array(z.string()).describe('What would be changed, for people. Empty if everything is as it should be.'),
    others: z.array(z.string()).describe('Stored schedules and cohorts that the entry does not have. They stay.'),
    faults: z.array(faultSchema).describe('The mistakes in the entry.'),
    purpose: z
      .string()
      .optional()
      .describe(
        'What only one connection is for, as a text to compare. Absent with `force`, for users, and if it is stored.',
      ),
    lastTest: z
      .enum(['ok', 'failed', 'none'])
      .describe('How the last test with the stored credentials ended. `none`: there was none.'),
  })
  .meta({ id: 'ConnectionPlan', description: 'How a connection differs from an entry of a file.' });
export type ConnectionPlanView = z.output<typeof connectionPlanSchema>;
