import { Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection-select.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { resourceTypes } from '../parts/resource-types.ts';
import { useSession } from '../session/session-provider.tsx';
import { type ExportForm, levels, sinceChoices, toExportRequest } from './export-form.ts';

interface StartExportFormProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly connectionId: string | undefined;
}

export function StartExportForm({ isOpen, onClose, connectionId = '' }: StartExportFormProps) {
  return (
    <FormModal title="Start a bulk export" isOpen={isOpen} onClose={onClose}>
      <Fields connectionId={connectionId} />
    </FormModal>
  );
}

function Fields({ connectionId }: { readonly connectionId: string }) {
  const { provider } = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const start = api.useMutation('post', '/api/ehr/{provider}/bulk-export');
  const form = useForm<ExportForm>({
    initialValues: {
      connectionId,
      exportType: 'Patient',
      resourceTypes: [],
      since: 'all',
      instant: '',
      typeFilters: [],
    },
    validate: {
      connectionId: (id) => (id ? null : 'Choose the practice to export.'),
      instant: (text, { since }) => (since === 'instant' && !text ? 'Give the time, or choose another start.' : null),
    },
  });
  const submit = async (values: ExportForm) => {
    const { data } = await start.mutateAsync({ params: { path: { provider } }, body: toExportRequest(values) });
    await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/{provider}/bulk-export'] });
    await navigate(`/exports/${provider}/${data.id}`);
  };
  return (
    // What is refused is shown by `start.error`.
    <form onSubmit={form.onSubmit((values) => submit(values).catch(() => undefined))}>
      <Stack>
        <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
        <Select label="Level" allowDeselect={false} data={levels} {...form.getInputProps('exportType')} />
        <TagsInput
          label="Resource types"
          description="None: every type that the EHR exports."
          data={resourceTypes}
          {...form.getInputProps('resourceTypes')}
        />
        <Select label="What to export" allowDeselect={false} data={sinceChoices} {...form.getInputProps('since')} />
        {form.values.since === 'instant' && (
          <TextInput label="Changed after" type="datetime-local" step={1} {...form.getInputProps('instant')} />
        )}
        <TagsInput
          label="Filters"
          description="FHIR searches, one type each: Observation?category=laboratory"
          {...form.getInputProps('typeFilters')}
        />
        <FormEnd action="Start" isPending={start.isPending} error={start.error} />
      </Stack>
    </form>
  );
}
