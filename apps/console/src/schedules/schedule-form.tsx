import { Select, Switch, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, refresh, type Schedule } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { localZone } from '../parts/times.ts';
import { cronWords } from './cron-words.ts';

/** At night, because the practice is closed and its budget is free. */
const everyNight = '0 2 * * *';

const kinds = [
  { value: 'export', label: 'Bulk export of changes' },
  { value: 'sync', label: 'Enhanced sync' },
];
const costs = {
  export:
    'About 70 requests for any number of patients, and deletions too. It takes the EHR hours. athenahealth recommends it once a month, not each night.',
  sync: 'Sends about ten requests per patient. At athenahealth, run it every night. Run a full export first.',
} as const;

/** Browsers do not list `UTC`. */
const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

interface ScheduleFormProps {
  /** The schedule that is changed. Without it, a new one is added. Its connection and what it starts stay. */
  readonly schedule?: Schedule;
  /** The connection that is chosen at first. */
  readonly connectionId?: string;
  readonly onDone: () => void;
}

export function ScheduleForm({ schedule, connectionId = '', onDone }: ScheduleFormProps) {
  const onSuccess = async () => {
    await refresh('/api/ehr/schedules', '/api/ehr/schedules/{id}');
    onDone();
  };
  const create = api.useMutation('post', '/api/ehr/schedules', { onSuccess });
  const change = api.useMutation('patch', '/api/ehr/schedules/{id}', { onSuccess });
  const form = useForm({
    initialValues: {
      connectionId: schedule?.connectionId ?? connectionId,
      kind: schedule?.kind ?? 'export',
      cron: schedule?.cron ?? everyNight,
      timeZone: schedule?.timeZone ?? localZone,
      spread: schedule?.spread ?? true,
    },
    validate: {
      connectionId: (id) => (id ? null : 'Choose the practice.'),
      cron: (cron) => (cronWords({ cron, timeZone: '' }) === undefined ? 'Enter five fields, such as 0 2 * * *' : null),
    },
  });
  const { cron, timeZone } = form.values;
  const submit = ({ connectionId, kind, ...times }: typeof form.values) => {
    if (schedule) change.mutate({ params: { path: { id: schedule.id } }, body: times });
    else create.mutate({ body: { connectionId, kind, ...times } });
  };
  return (
    <EntryForm
      action={schedule ? 'Save' : 'Add'}
      mutation={schedule ? change : create}
      onSubmit={form.onSubmit(submit)}
    >
      {!schedule && (
        <>
          <ConnectionSelect withAsterisk placeholder="Choose one" {...form.getInputProps('connectionId')} />
          <Select
            label="What"
            description={costs[form.values.kind]}
            allowDeselect={false}
            data={kinds}
            {...form.getInputProps('kind')}
          />
        </>
      )}
      <TextInput
        label="When"
        withAsterisk
        description="A cron expression: minute, hour, day of the month, month, day of the week"
        {...form.getInputProps('cron')}
      />
      <Select
        label="Time zone"
        withAsterisk
        searchable
        allowDeselect={false}
        limit={50}
        data={timeZones}
        {...form.getInputProps('timeZone')}
      />
      <Text size="sm" role="status">
        {cronWords({ cron, timeZone })}
      </Text>
      <Switch
        label="Spread"
        description="Start at a different minute than other practices, so that they do not all start together"
        {...form.getInputProps('spread', { type: 'checkbox' })}
      />
    </EntryForm>
  );
}
