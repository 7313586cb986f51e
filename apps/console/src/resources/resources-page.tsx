import { Anchor, Autocomplete, Button, Group, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect } from 'react';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EmptyState, Page } from '../parts/page.tsx';
import { resourceTypes } from '../parts/resource-types.ts';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { ResourceDrawer } from './resource-drawer.tsx';
import { ResourceList } from './resource-list.tsx';

/** The stored resources by type and patient. Each read is an audit event. */
export function ResourcesPage() {
  const { provider } = useSession();
  const { filters, setFilter, setFilters, choiceField } = useFilters([
    'connectionId',
    'type',
    'patient',
    'label',
    'id',
  ]);
  const { connectionId, type, patient, label, id } = filters;
  const form = useForm({ initialValues: { type: type ?? 'Patient', patient: patient ?? '', label: label ?? '' } });
  // A link to this page changes the URL and therefore the fields.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form itself stays.
  useEffect(
    () => form.setValues({ type: type ?? 'Patient', patient: patient ?? '', label: label ?? '' }),
    [type, patient, label],
  );
  const reference = connectionId && type ? { provider, connectionId, type } : undefined;
  return (
    <Page title="Resources">
      <form onSubmit={form.onSubmit((values) => setFilters({ ...values, id: undefined }))}>
        <Group align="end">
          <ConnectionSelect placeholder="Choose one" allowDeselect={false} {...choiceField('connectionId')} />
          <Autocomplete label="Type" data={resourceTypes} {...form.getInputProps('type')} />
          <TextInput label="Patient" placeholder="An id, or empty for all" {...form.getInputProps('patient')} />
          <TextInput label="Label" placeholder="Such as R (restricted)" {...form.getInputProps('label')} />
          <Button type="submit" disabled={!connectionId}>
            Search
          </Button>
        </Group>
      </form>
      {reference ? (
        <ResourceList
          key={JSON.stringify([reference, patient, label])}
          {...reference}
          patient={patient}
          label={label}
          onOpen={(resourceId) => setFilter('id', resourceId)}
        />
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
