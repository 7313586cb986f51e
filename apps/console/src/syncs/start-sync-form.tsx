import { Checkbox, MultiSelect, Stack, TagsInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection-select.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { useSession } from '../session/session-provider.tsx';
import { emptySyncForm, enhancedTypes, toSyncRequest } from './sync-form.ts';

interface StartSyncFormProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly connectionId: string | undefined;
}

export function StartSyncForm({ isOpen, onClose, connectionId = '' }: StartSyncFormProps) {
  return (
    <FormModal title="Start an enhanced sync" isOpen={isOpen} onClose={onClose}>
      <Fields connectionId={connectionId} />
    </FormModal>
  );
}

function Fields({ connectionId }: { readonly connectionId: string }) {
  const { provider } = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const start = api.useMutation('post', '/api/ehr/{provider}/enhanced-sync');
  const form = useForm({
    initialValues: { ...emptySyncForm, connectionId },
    validate: { connectionId: (id) => (id ? null : 'Choose the practice to sync.') },
  });
  const submit = async (values: typeof form.values) => {
    // The answer at once: a person watches the run on its own page.
    const init = { params: { path: { provider } }, headers: { Prefer: 'respond-async' } };
    const { data } = await start.mutateAsync({ ...init, body: toSyncRequest(values) });
    await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/{provider}/sync-runs'] });
    await navigate(`/syncs/${provider}/${data.id}`);
  };
  return (
    // What is refused is shown by `start.error`.
    <form onSubmit={form.onSubmit((values) => submit(values).catch(() => undefined))}>
      <Stack>
        <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
        <Checkbox label="Standard resource types" {...form.getInputProps('includeStandard', { type: 'checkbox' })} />
        <Checkbox
          label="Enhanced types: reports, care plans, encounters, appointments, documents"
          {...form.getInputProps('includeEnhanced', { type: 'checkbox' })}
        />
        {form.values.includeEnhanced && (
          <MultiSelect
            label="Of the enhanced types only"
            description="None: all five."
            data={enhancedTypes}
            {...form.getInputProps('resourceTypes')}
          />
        )}
        <TagsInput
          label="Only these patients"
          description="Ids at the EHR. None: every patient that is known."
          {...form.getInputProps('patients')}
        />
        <FormEnd action="Start" isPending={start.isPending} error={start.error} />
      </Stack>
    </form>
  );
}
