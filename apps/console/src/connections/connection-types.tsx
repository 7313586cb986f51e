import type { components } from '@bulkhead/client';
import { api, type Connection } from '../api/api.ts';
import { QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';

type TypeRow = components['schemas']['TypeRow'];

/** What is known of each type at the EHR: whether it is exported and searched, covered by the token, and stored here. */
export function ConnectionTypes({ connection: { id: connectionId, provider } }: { readonly connection: Connection }) {
  const params = { path: { provider }, query: { connectionId } };
  const query = api.useQuery('get', '/api/ehr/{provider}/capabilities', { params });
  return (
    <QueryResult query={query}>
      {({ data }) => (
        <RecordTable
          caption="Resource types of the EHR"
          rows={data.types}
          keyOf={({ resourceType }) => resourceType}
          columns={columns}
        />
      )}
    </QueryResult>
  );
}

/** "unknown" is not a no: the EHR decides when it is asked. */
function yesOrNo(value: boolean | undefined): string {
  return value === undefined ? 'unknown' : value ? 'yes' : 'no';
}

const columns: readonly Column<TypeRow>[] = [
  { header: 'Type', cell: ({ resourceType }) => resourceType },
  { header: 'Declared', cell: ({ declared }) => yesOrNo(declared) },
  { header: 'Exported', cell: ({ exported = 'unknown' }) => exported.replace('-', ' ') },
  { header: 'Searched', cell: ({ searched = 'unknown' }) => searched.replace('-', ' ') },
  { header: 'Covered by the token', cell: ({ covered }) => yesOrNo(covered) },
  { header: 'Stored here', cell: ({ stored }) => yesOrNo(stored) },
  { header: 'Note', cell: ({ note = '' }) => note },
];
