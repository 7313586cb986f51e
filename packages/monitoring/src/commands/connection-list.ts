import type { ListedConnection } from '@bulkhead/connections';
import { connectionViewSchema, toConnectionView } from '@bulkhead/connections/commands';
import {
  type ConnectionScope,
  instantSchema,
  isInScope,
  type Page,
  pageOf,
  pageQuery,
  totalQuery,
  trueOrFalse,
  type View,
  viewOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { rankOf, severitySchema } from '../health/health-check.ts';
import type { MonitoredStores } from '../monitoring.feature.ts';
import type { ConnectionState } from '../report/connection-states.ts';
import type { HealthService } from './health.service.ts';

/** `unchecked`: added since the last check, which a worker makes each minute. */
const connectionStatuses = ['critical', 'warning', 'ok', 'unchecked'] as const;
type ConnectionStatus = (typeof connectionStatuses)[number];

const statusSchema = z
  .enum(connectionStatuses)
  .describe('The severity of its worst problem. `unchecked`: it was added within the last minute.');

const listedProblemSchema = z
  .strictObject({
    key: z.string().describe('The `key` of the problem in the health report.'),
    title: z.string().describe('What is wrong, in a few words.'),
    severity: severitySchema,
  })
  .meta({ id: 'ConnectionProblem', description: 'A problem of the health report that a connection has.' });

export const listedConnectionSchema = connectionViewSchema
  .extend({
    status: statusSchema,
    problems: z.array(listedProblemSchema).describe('Its problems in the health report, the worst first.'),
    lagSeconds: z
      .int()
      .min(0)
      .exactOptional()
      .describe('How far it is behind its source. Absent if it has no schedule, and nothing was ever imported.'),
    lastExport: z
      .strictObject({
        id: z.string().describe('The id of the export.'),
        status: z.string().describe('How it ended: the `status` of the export.'),
        endedAt: instantSchema.exactOptional().describe('When it ended.'),
      })
      .exactOptional()
      .describe('The newest export that has ended and was not cancelled. Absent if there is none.'),
    nextRunAt: instantSchema
      .exactOptional()
      .describe('When the next run of its schedules starts. Absent if it has no active schedule.'),
  })
  .meta({
    id: 'ListedConnection',
    description: 'A connection, and how it is doing, from the health report of the last minute.',
  });
type ListedConnectionView = View<typeof listedConnectionSchema>;

/** Two screens of a console. */
const defaultLimit = 100;

export const connectionListQuerySchema = z.strictObject({
  search: z
    .string()
    .max(200)
    .optional()
    .describe('Only connections whose name, id, practice, Group or FHIR base URL contains this text.'),
  status: z.enum(connectionStatuses).optional().describe('Only connections in this status.'),
  provider: z.string().optional().describe('Only connections to this EHR vendor.'),
  problem: z.string().optional().describe('Only connections with this problem: its `key` in the health report.'),
  ids: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.string()).max(1000))
    .optional()
    .describe('Only these connections, by their ids with commas in between.'),
  hasWebhook: trueOrFalse.optional().describe('Only connections with, or without, a webhook of their own.'),
  sort: z
    .enum(['created', 'worst'])
    .default('created')
    .describe('`created`: oldest first. `worst`: the worst problem first, then the largest lag.'),
  ...pageQuery({ defaultLimit }),
  ...totalQuery,
});
type ConnectionListQuery = z.output<typeof connectionListQuerySchema>;

export const connectionCountsSchema = z
  .strictObject({
    health: severitySchema.describe(
      'The severity of the worst check of the whole deployment. Operators read the checks in the health report.',
    ),
    total: z.int().min(0).describe('All connections.'),
    byStatus: z
      .strictObject({
        critical: z.int().min(0).describe('Those with a critical problem.'),
        warning: z.int().min(0).describe('Those whose worst problem is a warning.'),
        ok: z.int().min(0).describe('Those without a problem.'),
        unchecked: z.int().min(0).describe('Those that were added within the last minute.'),
      })
      .describe('Their number by status.'),
    byProvider: z.record(z.string(), z.int().min(0)).describe('Their number by EHR vendor.'),
    problems: z
      .array(listedProblemSchema.extend({ connections: z.int().min(0).describe('How many connections have it.') }))
      .describe('The problems of the connections, the worst first.'),
  })
  .meta({ id: 'ConnectionCounts', description: 'How many connections are in which state.' });

interface Row {
  readonly connection: ListedConnection;
  readonly state: ConnectionState | undefined;
  readonly status: ConnectionStatus;
}

/** Lists connections with their state in the health report. */
export class ConnectionList {
  readonly #store;
  readonly #health;

  constructor(options: {
    readonly store: Pick<MonitoredStores, 'connections'>;
    readonly health: Pick<HealthService, 'connectionStates' | 'report'>;
  }) {
    this.#store = options.store;
    this.#health = options.health;
  }

  /**
   * Reads a page. All connections are compared in memory, because their state is in another collection and can have any order: some
   * milliseconds for 1,000.
   */
  async page(query: ConnectionListQuery, scope: ConnectionScope): Promise<Page<ListedConnectionView>> {
    const matching = (await this.#rows(scope)).filter(matcherOf(query));
    const sorted = query.sort === 'worst' ? matching.toSorted(worstFirst) : matching;
    const { items, next } = pageOf(sorted, query, ({ connection }) => connection.id);
    const whole = await this.#store.connections.findMany(items.map(({ connection }) => connection.id));
    const byId = new Map(whole.map((connection) => [connection.id, connection]));
    return {
      next,
      total: query.total && query.cursor === undefined ? sorted.length : undefined,
      // One that was deleted in between is left out.
      items: items.flatMap(({ connection: { id }, state, status }) => {
        const connection = byId.get(id);
        return connection ? [{ ...toConnectionView(connection), ...toStateView(state), status }] : [];
      }),
    };
  }

  async counts(scope: ConnectionScope): Promise<z.output<typeof connectionCountsSchema>> {
    const rows = await this.#rows(scope);
    const { severity: health } = await this.#health.report();
    const countBy = (keyOf: (row: Row) => string) =>
      Object.fromEntries([...Map.groupBy(rows, keyOf)].map(([key, { length }]) => [key, length]));
    const problems = Map.groupBy(
      rows.flatMap(({ state }) => state?.problems ?? []),
      ({ key }) => key,
    );
    return {
      health,
      total: rows.length,
      byStatus: {
        critical: 0,
        warning: 0,
        ok: 0,
        unchecked: 0,
        ...countBy(({ status }) => status),
      },
      byProvider: countBy(({ connection }) => connection.provider),
      problems: [...problems.values()]
        .flatMap(([first, ...others]) =>
          first ? [{ ...viewOf(listedProblemSchema, first), connections: others.length + 1 }] : [],
        )
        .toSorted((left, right) => rankOf(right) - rankOf(left) || right.connections - left.connections),
    };
  }

  async #rows(scope: ConnectionScope): Promise<Row[]> {
    const [connections, states] = await Promise.all([this.#store.connections.list(), this.#health.connectionStates()]);
    return connections
      .filter(({ id }) => isInScope(scope, id))
      .map((connection) => {
        const state = states.get(connection.id);
        const status = state ? (state.problems[0]?.severity ?? 'ok') : 'unchecked';
        return { connection, state, status };
      });
  }
}

function matcherOf({ search, status, provider, problem, ids, hasWebhook }: ConnectionListQuery) {
  const text = search?.trim().toLowerCase();
  const wanted = ids && new Set(ids);
  return ({ connection, state, ...row }: Row): boolean => {
    const { id, name, practiceId = '', groupId = '', fhirEndpoint, webhookUrl } = connection;
    return (
      (wanted?.has(id) ?? true) &&
      (status === undefined || row.status === status) &&
      (provider === undefined || connection.provider === provider) &&
      (hasWebhook === undefined || (webhookUrl !== undefined) === hasWebhook) &&
      (problem === undefined || state?.problems.some(({ key }) => key === problem) === true) &&
      (text === undefined || [name, id, practiceId, groupId, fhirEndpoint].join('\n').toLowerCase().includes(text))
    );
  };
}

const statusRanks: readonly ConnectionStatus[] = ['ok', 'unchecked', 'warning', 'critical'];

function worstFirst(left: Row, right: Row): number {
  const byStatus = statusRanks.indexOf(right.status) - statusRanks.indexOf(left.status);
  const byLag = (right.state?.lagMs ?? 0) - (left.state?.lagMs ?? 0);
  return byStatus || byLag || left.connection.name.localeCompare(right.connection.name);
}

const stateViewSchema = listedConnectionSchema.pick({
  problems: true,
  lagSeconds: true,
  lastExport: true,
  nextRunAt: true,
});

function toStateView(state: ConnectionState | undefined): View<typeof stateViewSchema> {
  const { problems = [], lagMs, lastExport, nextRunAt } = state ?? {};
  const lagSeconds = lagMs === undefined ? undefined : Math.round(lagMs / 1000);
  return viewOf(stateViewSchema, { problems, lagSeconds, lastExport, nextRunAt });
}
