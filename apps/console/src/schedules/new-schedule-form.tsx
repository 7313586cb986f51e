import { Select, Switch, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';

/** At night, because the practice is closed and its budget is free. */
const everyNight = '0 2 * * *';

const kinds = [
  { value: 'export', label: 'Bulk export of changes' },
  { value: 'sync', label: 'Enhanced sync' },
];

/** Browsers do not list `UTC`. */
const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

export function NewScheduleForm({ onDone }: { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const create = api.useMutation('post', '/api/ehr/schedules', {
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/schedules'] });
      onDone();
    },
  });
  const form = useForm({
    initialValues: {
      connectionId: '',
      kind: 'export' as 'export' | 'sync',
      cron: everyNight,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      spread: true,
    },
    validate: { connectionId: (id) => (id ? null : 'Choose the practice.') },
  });
  return (
    <EntryForm action="Add" mutation={create} onSubmit={form.onSubmit((body) => create.mutate({ body }))}>
      <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
      <Select label="What" allowDeselect={false} data={kinds} {...form.getInputProps('kind')} />
      <TextInput
        label="When"
        description="A cron expression: minute, hour, day of the month, month, day of the week"
        {...form.getInputProps('cron')}
      />
      <Select
        label="Time zone"
        searchable
        allowDeselect={false}
        limit={50}
        data={timeZones}
        {...form.getInputProps('timeZone')}
      />
      <Switch
        label="Spread"
        description="Start at a different minute than other practices, so that they do not all start together"
        {...form.getInputProps('spread', { type: 'checkbox' })}
      />
    </EntryForm>
  );
}
