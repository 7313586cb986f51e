import { Checkbox, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { EntryForm } from '../parts/entry-form.tsx';
import { tell } from '../parts/tell.ts';

/** A connection that was removed has no page of its own, and its id is all that is left of it. */
export function PurgeRemovedForm({ onDone }: { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const purge = api.useMutation('delete', '/api/ehr/connections/{id}', {
    onSuccess: async () => {
      onDone();
      tell.done('The purge is under way.');
      await queries.invalidateQueries();
    },
  });
  const form = useForm({
    initialValues: { id: '', isSure: false },
    validate: {
      id: (id) => (id.trim() === '' ? 'Give the id that the connection had' : null),
      isSure: (isSure) => (isSure ? null : 'Confirm the deletion'),
    },
  });
  const submit = ({ id }: { readonly id: string }) =>
    purge.mutate({ params: { path: { id: id.trim() }, query: { data: 'purge' } } });
  return (
    <EntryForm action="Purge" mutation={purge} onSubmit={form.onSubmit(submit)}>
      <TextInput
        label="Id of the connection"
        description="The audit log has it"
        withAsterisk
        {...form.getInputProps('id')}
      />
      <Checkbox
        label="Delete everything that is stored of it, for good"
        {...form.getInputProps('isSure', { type: 'checkbox' })}
      />
    </EntryForm>
  );
}
