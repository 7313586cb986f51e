import { Anchor, Autocomplete, Button, Group, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useCallback, useEffect } from 'react';
import { api, readOnce } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { formatCount } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { resourceTypes } from '../parts/resource-types.ts';
import { useFilters } from '../parts/use-filters.ts';
import { ResourceDrawer } from './resource-drawer.tsx';
import { ResourceList } from './resource-list.tsx';

const fields = ['type', 'patient', 'code', 'from', 'to', 'label'] as const;
const defaults = { type: 'Patient', patient: '', code: '', from: '', to: '', label: '' };

/** The stored resources by type, patient, code and date. Each read is an audit event. */
export function ResourcesPage() {
  const { isOperator } = useSession();
  const { filters, setFilter, setFilters, choiceField } = useFilters(['connectionId', 'id', ...fields]);
  const { connectionId, type, id } = filters;
  const fromUrl = Object.fromEntries(fields.map((name) => [name, filters[name] ?? defaults[name]])) as typeof defaults;
  const form = useForm({ initialValues: fromUrl });
  // A link to this page changes the URL and therefore the fields.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form itself stays.
  useEffect(() => form.setValues(fromUrl), [JSON.stringify(fromUrl)]);
  const onOpen = useCallback((resourceId: string) => setFilter('id', resourceId), [setFilter]);
  const reference = connectionId && type ? { connectionId, type } : undefined;
  return (
    <Page title="Resources">
      <form onSubmit={form.onSubmit((values) => setFilters({ ...values, id: undefined }))}>
        <Group align="end">
          <ConnectionSelect placeholder="Choose one" allowDeselect={false} {...choiceField('connectionId')} />
          <Autocomplete label="Type" data={resourceTypes} {...form.getInputProps('type')} />
          <TextInput label="Patient" placeholder="An id, or empty for all" {...form.getInputProps('patient')} />
          <TextInput label="Code" placeholder="Such as 4548-4" {...form.getInputProps('code')} />
          <TextInput label="From" type="date" {...form.getInputProps('from')} />
          <TextInput label="Until" type="date" {...form.getInputProps('to')} />
          <TextInput label="Label" placeholder="Such as R (restricted)" {...form.getInputProps('label')} />
          <Button type="submit" disabled={!connectionId}>
            Search
          </Button>
        </Group>
      </form>
      {connectionId && isOperator && <TypeCounts connectionId={connectionId} />}
      {reference ? (
        <ResourceList key={JSON.stringify([reference, fromUrl])} {...reference} filters={filters} onOpen={onOpen} />
      ) : (
        <EmptyState title="Choose a connection and a type">
          The resources are then listed page by page. To write a whole type to a file, use{' '}
          <Anchor href="/docs/" inherit underline="always">
            the API
          </Anchor>{' '}
          or the command line.
        </EmptyState>
      )}
      {reference && id && <ResourceDrawer {...reference} id={id} onClose={() => setFilter('id', null)} />}
    </Page>
  );
}

/** How many resources of each type are stored, the most frequent first. Each type leads to its list. */
function TypeCounts({ connectionId }: { readonly connectionId: string }) {
  const params = { path: { id: connectionId } };
  const amounts = api.useQuery('get', '/api/ehr/connections/{id}/data', { params }, readOnce);
  const types = Object.entries(amounts.data?.data.resources ?? {}).toSorted(([, left], [, right]) => right - left);
  if (types.length === 0) return null;
  return (
    <Group component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Stored resources by type">
      {types.map(([type, count]) => (
        <Text key={type} component="li" size="sm">
          <PageLink to={`/resources?${new URLSearchParams({ connectionId, type })}`}>{type}</PageLink>{' '}
          {formatCount(count)}
        </Text>
      ))}
    </Group>
  );
}
