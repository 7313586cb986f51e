import { countSchema, instantSchema, type View } from '@bulkhead/store';
import { z } from 'zod';

const at = instantSchema.meta({ description: 'When the period began.' });

const runsOfPeriodSchema = z
  .strictObject({
    at,
    kind: z.enum(['export', 'sync']).meta({ description: 'Bulk exports or enhanced syncs.' }),
    completed: countSchema.meta({ description: 'Runs that completed.' }),
    partial: countSchema.meta({ description: 'Runs that ended, but some data is missing.' }),
    failed: countSchema.meta({ description: 'Runs that failed.' }),
    cancelled: countSchema.meta({ description: 'Runs that were cancelled.' }),
    medianSeconds: countSchema.meta({ description: 'The median duration, without cancelled runs.' }),
    longestSeconds: countSchema.meta({ description: 'The longest duration, without cancelled runs.' }),
  })
  .meta({ id: 'HistoryRuns', description: 'The runs that ended in a period.' });

const volumeSchema = z
  .strictObject({
    at,
    resourceType: z.string().meta({ description: 'A type of FHIR R4.' }),
    resources: countSchema.meta({ description: 'Received resources that are now stored, changed or not.' }),
    bytes: countSchema.meta({ description: 'Bytes of the files of exports, uncompressed. Syncs do not count bytes.' }),
  })
  .meta({ id: 'HistoryVolume', description: 'What the runs that ended in a period stored of one type.' });

const lagSchema = z
  .strictObject({
    connectionId: z.string().meta({ description: 'The id of the connection that is behind.' }),
    points: z
      .array(z.strictObject({ at, seconds: countSchema.meta({ description: 'The largest lag in the period.' }) }))
      .meta({ description: 'One point for each period that has a value.' }),
  })
  .meta({ id: 'HistoryLag', description: 'How far a connection was behind its EHR.' });

const spreadSchema = z
  .strictObject({
    at,
    medianSeconds: countSchema.meta({ description: 'Half of the connections were less behind.' }),
    highSeconds: countSchema.meta({ description: '95 % of the connections were less behind.' }),
  })
  .meta({ id: 'HistoryLagSpread', description: 'The highest values of a period.' });

const budgetSchema = z
  .strictObject({
    name: z.string().meta({ description: 'The name of the budget, as in the list of budgets.' }),
    limit: countSchema.meta({ description: 'The requests that are allowed in 24 hours.' }),
    points: z
      .array(z.strictObject({ at, used: countSchema.meta({ description: 'The most requests within 24 hours.' }) }))
      .meta({ description: 'One point for each period that has a value.' }),
  })
  .meta({ id: 'HistoryBudget', description: 'How much of a daily request budget was used.' });

const queueSchema = z
  .strictObject({
    queue: z.string().meta({ description: 'The name of the queue.' }),
    points: z
      .array(
        z.strictObject({
          at,
          waiting: countSchema.meta({ description: 'The most jobs that waited.' }),
          oldestSeconds: countSchema.meta({ description: 'The longest time that a job had waited.' }),
        }),
      )
      .meta({ description: 'One point for each period that has a value.' }),
  })
  .meta({ id: 'HistoryQueue', description: 'How many jobs waited in a queue, and how long.' });

export const figureNames = ['runs', 'failed-runs', 'resources', 'bytes', 'longest-lag-seconds', 'requests'] as const;

const figure = z.number().min(0);
const usualSchema = z
  .strictObject({
    figure: z.enum(figureNames).meta({
      description:
        '`runs`: runs that ended. `failed-runs`: those that failed or lack data. `requests`: the most requests of one budget within 24 hours.',
    }),
    lastDay: figure.meta({ description: 'The value in the last 24 hours.' }),
    usual: figure.exactOptional().meta({
      description: 'The median of the days before. Absent if there are fewer than three.',
    }),
  })
  .meta({ id: 'HistoryFigure', description: 'A figure of the last 24 hours, beside what is usual.' });

export const historySchema = z
  .strictObject({
    from: instantSchema.meta({ description: 'When the history begins.' }),
    to: instantSchema.meta({ description: 'When it ends: now.' }),
    pointSeconds: countSchema.meta({ description: 'The length of the periods of `lags`, `budgets` and `queues`.' }),
    barSeconds: countSchema.meta({ description: 'The length of the periods of `runs` and `volumes`.' }),
    figures: z.array(usualSchema).meta({ description: 'Shows whether the last day was normal.' }),
    runs: z.array(runsOfPeriodSchema).meta({ description: 'Periods without runs are left out.' }),
    volumes: z.array(volumeSchema).meta({ description: 'Periods and types without resources are left out.' }),
    lags: z.array(lagSchema).meta({
      description: 'The connections that were furthest behind: at most ten at a time, the largest lag first.',
    }),
    lagSpread: z.array(spreadSchema).meta({ description: 'How far all connections were behind.' }),
    budgets: z.array(budgetSchema).meta({ description: 'The fullest budgets: at most ten at a time.' }),
    queues: z.array(queueSchema).meta({ description: 'One for each queue in which jobs waited.' }),
  })
  .meta({
    id: 'History',
    description: 'How the deployment was doing, from samples that the workers take each minute and keep for 30 days.',
  });
export type History = View<typeof historySchema>;
