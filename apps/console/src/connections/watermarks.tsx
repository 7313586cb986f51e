import { api } from '../api/api.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { RecordTable } from '../parts/record-table.tsx';

/** The mark of exports that named no type. */
const everyType = '*';

/** Up to when each type is wholly stored: where the next export or sync goes on. */
export function Watermarks({ connectionId }: { readonly connectionId: string }) {
  const params = { path: { id: connectionId } };
  const found = api.useQuery('get', '/api/ehr/connections/{id}/watermarks', { params });
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <RecordTable
          caption="Watermarks"
          columns={[
            {
              header: 'Type',
              cell: ({ resourceType }) => (resourceType === everyType ? 'every type' : resourceType),
            },
            { header: 'Level', cell: ({ level }) => level, from: 'sm' },
            { header: 'Stored up to', cell: ({ until }) => <Moment at={until} /> },
          ]}
          rows={data}
          keyOf={({ resourceType, level }) => `${resourceType}/${level}`}
          empty={
            <NothingYet title="Nothing is stored wholly yet">
              The first export that completes says up to when.
            </NothingYet>
          }
        />
      )}
    </LookedUp>
  );
}
