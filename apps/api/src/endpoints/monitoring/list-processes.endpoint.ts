import { count, instant, later, page } from '@bulkhead/http/schemas';
import { processStatus, processStatuses } from '@bulkhead/monitoring/commands';
import { pageOf, shortListQuery, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { processActions } from './monitoring.actions.ts';

const processSchema = z
  .strictObject({
    id: z.string().describe('New for each start of a process.'),
    kind: z.enum(['api', 'serve', 'worker']).describe('What the process is.'),
    status: z
      .enum(processStatuses)
      .describe('`running`, `stopped` in an orderly way, or `silent`: it has crashed or cannot reach the database.'),
    host: z.string().describe('The name of its host, or of its container.'),
    pid: count.describe('Its id on the host.'),
    version: z.string().optional().describe('The version of Bulkhead.'),
    queues: z.array(z.string()).optional().describe('The queues that a worker serves. Absent for an API process.'),
    startedAt: instant.describe('When it started.'),
    reportedAt: instant.describe('When it last reported. Running processes report every 15 seconds.'),
  })
  .meta({ id: 'Process', description: 'A process of the API or of the workers.' });

const example = {
  id: '9b8b2a0e-1f0c-4b6a-8a53-3f2f7b0c5d11',
  kind: 'worker',
  status: 'running',
  host: 'worker-1',
  pid: 7,
  version: '1.4.0',
  queues: ['bulk-export', 'file-download'],
  startedAt: later,
  reportedAt: later,
};

export const listProcesses = defineEndpoint({
  id: 'listProcesses',
  route: 'GET /api/ehr/processes',
  action: processActions.list,
  summary: 'List the processes of the API and of the workers',
  description:
    'Returns each process that has reported within the last hour: its host, its version, the queues that it serves, and since when it runs. Use it to see whether an upgrade has reached every process.',
  request: { query: shortListQuery },
  responses: { 200: page('The processes, the newest report first', { item: processSchema, example: [example] }) },
  async handler({ query, services }) {
    const now = new Date();
    const { items, next } = pageOf(await services.monitoring.processes(now), query, ({ id }) => id);
    const viewed = items.map((process) => ({ ...process, status: processStatus(process, now) }));
    return { data: viewed.map((process) => viewOf(processSchema, process)), next };
  },
});
