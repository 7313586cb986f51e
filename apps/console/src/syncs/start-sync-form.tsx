import { Checkbox, MultiSelect, TagsInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from 'react-router';
import { anyProvider, api, refresh } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { emptySyncForm, enhancedTypes, type SyncForm, toSyncRequest } from './sync-form.ts';

export function StartSyncForm({ connectionId = '' }: { readonly connectionId: string | undefined }) {
  const navigate = useNavigate();
  const start = api.useMutation('post', '/api/ehr/{provider}/enhanced-sync', {
    onSuccess: async ({ data }) => {
      await refresh('/api/ehr/{provider}/sync-runs');
      await navigate(`/syncs/${data.id}`);
    },
  });
  const form = useForm({
    initialValues: { ...emptySyncForm, connectionId },
    validate: { connectionId: (id) => (id ? null : 'Choose the practice to sync.') },
  });
  const submit = (values: SyncForm) => {
    // Do not wait for the end: the run has a page of its own.
    const init = { params: { path: { provider: anyProvider } }, headers: { Prefer: 'respond-async' } };
    start.mutate({ ...init, body: toSyncRequest(values) });
  };
  return (
    <EntryForm action="Start" mutation={start} onSubmit={form.onSubmit(submit)}>
      <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
      <Checkbox label="Standard resource types" {...form.getInputProps('includeStandard', { type: 'checkbox' })} />
      <Checkbox
        label="Enhanced types: reports, care plans, encounters, appointments, documents"
        {...form.getInputProps('includeEnhanced', { type: 'checkbox' })}
      />
      {form.values.includeEnhanced && (
        <MultiSelect
          label="Enhanced types"
          description="Leave empty for all five."
          data={enhancedTypes}
          {...form.getInputProps('resourceTypes')}
        />
      )}
      <Checkbox
        label="All other types that the EHR declares as searchable by patient"
        {...form.getInputProps('includeOthers', { type: 'checkbox' })}
      />
      <Checkbox
        label="Appointments to which stored visits refer"
        description="If the EHR finds appointments by their ids only. It costs requests."
        {...form.getInputProps('includeAppointments', { type: 'checkbox' })}
      />
      <Checkbox
        label="What stored resources refer to and exports leave out: practitioners, locations, medications, results of reports"
        description="Each is read by its id once. It costs requests."
        {...form.getInputProps('includeReferences', { type: 'checkbox' })}
      />
      <TagsInput
        label="Only these patients"
        description="Ids at the EHR. Leave empty for all known patients."
        {...form.getInputProps('patients')}
      />
    </EntryForm>
  );
}
