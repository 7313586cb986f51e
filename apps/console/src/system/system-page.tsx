import { Anchor, Button } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { api, type Process, type Queue } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { formatCount, formatDuration } from '../parts/format.ts';
import { Page, SectionTitle } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { HealthReport, PassedChecks } from './health-report.tsx';

/** The health of all parts, the processes, and the depth of the queues. */
export function SystemPage() {
  const queues = api.useQuery('get', '/api/ehr/queues');
  const processes = api.useQuery('get', '/api/ehr/processes');
  return (
    <Page
      title="Workers and queues"
      actions={
        <Button
          component="a"
          href="/admin/queues"
          variant="outline"
          rightSection={<IconExternalLink size={16} aria-hidden />}
        >
          Bull Board
        </Button>
      }
    >
      <HealthReport />
      <SectionTitle>Processes</SectionTitle>
      <QueryTable query={processes} caption="Processes" columns={processColumns} keyOf={({ id }) => id} />
      <SectionTitle>Queues</SectionTitle>
      <QueryTable query={queues} caption="Queues" columns={columns} keyOf={({ queue }) => queue} />
      <PassedChecks />
    </Page>
  );
}

const processColumns: readonly Column<Process>[] = [
  { header: 'Process', cell: ({ kind }) => (kind === 'api' ? 'API' : 'worker') },
  { header: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  { header: 'Host', cell: ({ host, pid }) => `${host}:${pid}` },
  { header: 'Version', cell: ({ version }) => version ?? 'not known' },
  { header: 'Queues', cell: ({ queues = [] }) => queues.join(', '), from: 'md' },
  { header: 'Since', cell: ({ startedAt }) => <Timestamp at={startedAt} />, from: 'sm' },
  { header: 'Last report', cell: ({ reportedAt }) => <Timestamp at={reportedAt} />, from: 'lg' },
];

const columns: readonly Column<Queue>[] = [
  {
    header: 'Queue',
    cell: ({ queue }) => (
      <Anchor href={`/admin/queues/queue/${queue}`} inherit>
        {queue}
      </Anchor>
    ),
  },
  { header: 'State', cell: ({ paused }) => <StatusBadge status={paused ? 'paused' : 'running'} /> },
  { header: 'Workers', cell: ({ workers }) => formatCount(workers), isFigure: true },
  { header: 'Active', cell: ({ jobs }) => formatCount(jobs.active), isFigure: true },
  { header: 'Waiting', cell: ({ jobs }) => formatCount(jobs.waiting), isFigure: true },
  { header: 'Delayed', cell: ({ jobs }) => formatCount(jobs.delayed), isFigure: true, from: 'sm' },
  { header: 'Failed', cell: ({ jobs }) => formatCount(jobs.failed), isFigure: true, from: 'sm' },
  {
    header: 'Oldest waits',
    cell: ({ oldestSeconds }) => (oldestSeconds === 0 ? '' : formatDuration(oldestSeconds * 1000)),
    isFigure: true,
    from: 'md',
  },
];
