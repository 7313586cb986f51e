import { Radio, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from 'react-router';
import { api, type Connection, readOnce, refresh } from '../api/api.ts';
import { AmountsFirst } from '../erasures/amounts.tsx';
import { EntryForm } from '../parts/forms.tsx';

/** Asks what to do with the stored data and shows how much there is. To purge the data, the user types the id of the connection. */
export function RemoveConnectionForm({ connection: { id } }: { readonly connection: Connection }) {
  const navigate = useNavigate();
  const data = api.useQuery('get', '/api/ehr/connections/{id}/data', { params: { path: { id } } }, readOnce);
  const form = useForm({
    initialValues: { data: 'keep' as 'keep' | 'purge', typedId: '' },
    validate: {
      typedId: (typed, { data }) => (data === 'keep' || typed === id ? null : 'Type the id of the connection'),
    },
  });
  const { data: choice } = form.getValues();
  const remove = api.useMutation('delete', '/api/ehr/connections/{id}', {
    onSuccess: async () => {
      await navigate(choice === 'purge' ? '/erasures' : '/connections');
      // Do not read the connection again, because it no longer exists.
      await refresh('/api/ehr/connections', '/api/ehr/erasures');
    },
  });
  const submit = ({ data }: { readonly data: 'keep' | 'purge' }) =>
    remove.mutate({ params: { path: { id }, query: { data } } });
  return (
    <AmountsFirst query={data}>
      <EntryForm action="Remove the connection" mutation={remove} onSubmit={form.onSubmit(submit)}>
        <Radio.Group
          label="What happens to its stored data?"
          description="Its credentials and schedules are deleted in any case."
          {...form.getInputProps('data')}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="keep" label="Keep it" />
            <Radio value="purge" label="Delete it permanently. Active exports and syncs are cancelled" />
          </Stack>
        </Radio.Group>
        {choice === 'purge' && (
          <TextInput
            label="Id of the connection"
            description={`Type ${id} to confirm`}
            {...form.getInputProps('typedId')}
          />
        )}
      </EntryForm>
    </AmountsFirst>
  );
}
