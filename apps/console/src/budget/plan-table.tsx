import { api, type Plan } from '../api/api.ts';
import { ConnectionName } from '../parts/connection.tsx';
import { formatCount, formatDuration } from '../parts/format.ts';
import { SectionTitle } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';

/** Whether each budget suffices for what is scheduled, and when its last practice ends. */
export function PlanTable() {
  const plans = api.useQuery('get', '/api/ehr/plan');
  return (
    <>
      <SectionTitle>Next 24 hours</SectionTitle>
      <QueryTable
        query={plans}
        caption="Next 24 hours"
        columns={columns}
        keyOf={({ name, connectionIds }) => [name, ...connectionIds].join()}
      />
    </>
  );
}

const columns: readonly Column<Plan>[] = [
  { header: 'Budget', cell: ({ name }) => name },
  { header: 'Connections', cell: ({ connectionIds }) => formatCount(connectionIds.length), isFigure: true, from: 'sm' },
  { header: 'Runs', cell: toRuns, isFigure: true },
  {
    header: 'Requests',
    cell: ({ requests, allowance }) => `${formatCount(requests)} of ${formatCount(allowance)}`,
    isFigure: true,
  },
  {
    header: 'Last ends',
    cell: ({ endsAt, lateSeconds }) =>
      lateSeconds === undefined ? 'the budget does not suffice' : <Timestamp at={endsAt} />,
  },
  {
    header: 'Waits for the budget',
    cell: ({ lateSeconds = 0 }) => (lateSeconds === 0 ? '' : formatDuration(lateSeconds * 1000)),
    isFigure: true,
    from: 'sm',
  },
  {
    header: 'Last connection',
    cell: ({ lastConnectionId: id }) => (id ? <ConnectionName id={id} /> : ''),
    from: 'md',
  },
];

function toRuns({ runs, assumedRuns, unknownRuns }: Plan): string {
  const notes = [assumedRuns > 0 && `${assumedRuns} assumed`, unknownRuns > 0 && `${unknownRuns} not known`].filter(
    Boolean,
  );
  return notes.length === 0 ? formatCount(runs) : `${formatCount(runs)} (${notes.join(', ')})`;
}
