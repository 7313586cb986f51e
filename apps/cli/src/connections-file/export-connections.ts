import { answerOf, type components } from '@bulkhead/client';
import { given } from '../command.ts';
import type { Context } from '../context.ts';
import { inParallel } from '../in-parallel.ts';
import { listConnections, readPages } from './plan-file.ts';

type Api = Context['api'];
type Fields = Readonly<Record<string, unknown>>;
type Listed = components['schemas']['ListedConnection'];
type Schedule = components['schemas']['Schedule'];

const parallelReads = 4;

/** Reads what a file of connections describes, without secrets. @param options.cohorts whether to read the patients of cohorts */
export async function exportConnections(api: Api, { cohorts }: { readonly cohorts: boolean }) {
  const connections = await listConnections(api);
  const schedules = new Map<string, Schedule[]>();
  const listed = await readPages(async (query) => answerOf(await api.GET('/api/ehr/schedules', { params: { query } })));
  for (const schedule of listed) {
    const { connectionId } = schedule;
    schedules.set(connectionId, [...(schedules.get(connectionId) ?? []), schedule]);
  }
  const entries = await inParallel(connections, {
    limit: parallelReads,
    async run(connection) {
      const own = cohorts ? await readCohorts(api, connection.id) : {};
      return [connection.name, { ...toEntry(connection, schedules.get(connection.id) ?? []), ...own }];
    },
  });
  return Object.fromEntries(entries) as Readonly<Record<string, Fields>>;
}

function toEntry(connection: Listed, schedules: readonly Schedule[]): Fields {
  const { provider, environment, fhirEndpoint, practiceId, groupId, userId, origins, aliases, webhookUrl, auth } =
    connection;
  const { scopesOfDeclared, scope, ...client } = auth as Fields;
  return given({
    provider,
    environment,
    fhirEndpoint,
    practiceId,
    groupId,
    userId,
    origins: origins?.length ? origins : undefined,
    aliases: aliases?.length ? aliases : undefined,
    auth: given({ ...client, ...(scopesOfDeclared === undefined ? { scope } : { scopeVersion: scopesOfDeclared }) }),
    webhook: webhookUrl === undefined ? undefined : { url: webhookUrl },
    schedules: schedules.map(({ kind, cron, timeZone, request, spread, paused }) => ({
      kind,
      cron,
      timeZone,
      ...(Object.keys(request).length === 0 ? {} : { request }),
      ...(spread ? {} : { spread }),
      ...(paused ? { paused } : {}),
    })),
  });
}

async function readCohorts(api: Api, id: string): Promise<Fields> {
  const { data } = answerOf(await api.GET('/api/ehr/connections/{id}/cohorts', { params: { path: { id } } }));
  const cohorts = await inParallel(data, {
    limit: 1,
    async run({ name }) {
      const params = { path: { id, name } };
      const { patients } = answerOf(await api.GET('/api/ehr/connections/{id}/cohorts/{name}', { params })).data;
      return [name, { patients }];
    },
  });
  return cohorts.length === 0 ? {} : { cohorts: Object.fromEntries(cohorts) };
}
