import { Select, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from 'react-router';
import { anyProvider, api, refresh } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { resourceTypes } from '../parts/resource-types.ts';
import { localZone } from '../parts/times.ts';
import { type ExportForm, emptyExportForm, levels, sinceChoices, toExportRequest } from './export-form.ts';

export function StartExportForm({ connectionId = '' }: { readonly connectionId: string | undefined }) {
  const navigate = useNavigate();
  const start = api.useMutation('post', '/api/ehr/{provider}/bulk-export', {
    onSuccess: async ({ data }) => {
      await refresh('/api/ehr/{provider}/bulk-export');
      await navigate(`/exports/${data.id}`);
    },
  });
  const form = useForm({
    initialValues: { ...emptyExportForm, connectionId },
    validate: {
      connectionId: (id) => (id ? null : 'Choose the practice to export.'),
      instant: (text, { since }) => (since === 'instant' && !text ? 'Enter the time, or choose another start.' : null),
    },
  });
  const submit = (values: ExportForm) =>
    start.mutate({ params: { path: { provider: anyProvider } }, body: toExportRequest(values) });
  return (
    <EntryForm action="Start" mutation={start} onSubmit={form.onSubmit(submit)}>
      <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
      <Select label="Level" allowDeselect={false} data={levels} {...form.getInputProps('exportType')} />
      <TagsInput
        label="Resource types"
        description="Leave empty for every type that the EHR exports."
        data={resourceTypes}
        {...form.getInputProps('resourceTypes')}
      />
      <Select label="What to export" allowDeselect={false} data={sinceChoices} {...form.getInputProps('since')} />
      {form.values.since === 'instant' && (
        <TextInput
          label={`Changed after, time in ${localZone}`}
          type="datetime-local"
          step={1}
          {...form.getInputProps('instant')}
        />
      )}
      <TagsInput
        label="Filters"
        description="FHIR searches, one type each, such as Observation?category=laboratory"
        {...form.getInputProps('typeFilters')}
      />
    </EntryForm>
  );
}
