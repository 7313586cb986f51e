import { api } from '../api/api.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';

/** It asks Redis, MongoDB and every connection: not as often as a list of records. */
const refreshMs = 60_000;

/** The checks of `bulkhead doctor`, and what to do about what they found. */
export function Diagnosis() {
  const found = api.useQuery('get', '/api/ehr/diagnosis', {}, { refetchInterval: refreshMs });
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <RecordTable
          caption="Checks"
          columns={[
            { header: 'Check', cell: ({ name }) => name },
            { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
            { header: 'Found', cell: ({ found: text }) => text, from: 'sm' },
            { header: 'What to do', cell: ({ whatToDo }) => whatToDo },
          ]}
          rows={data}
          keyOf={({ name }) => name}
        />
      )}
    </LookedUp>
  );
}
