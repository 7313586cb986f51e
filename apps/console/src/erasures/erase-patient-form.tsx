import { Button, Checkbox, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { type ReactNode, useState } from 'react';
import { api, readOnce, refreshAll } from '../api/api.ts';
import { notify } from '../parts/dialogs.ts';
import { EntryForm } from '../parts/forms.tsx';
import { AmountsFirst } from './amounts.tsx';

interface ErasePatientFormProps {
  readonly connectionId: string;
  readonly onDone: () => void;
}

/** Counts first, which changes nothing. To delete, the user types the id a second time. */
export function ErasePatientForm({ connectionId, onDone }: ErasePatientFormProps) {
  const [countedId, setCountedId] = useState<string>();
  const erase = api.useMutation('delete', '/api/ehr/connections/{id}/patients/{patientId}', {
    onSuccess: async () => {
      onDone();
      notify.done('The erasure has started. See Erasures and retention.');
      await refreshAll();
    },
  });
  const form = useForm({
    initialValues: { patientId: '', again: '', keepOut: false },
    validate: {
      patientId: (id) => (id === countedId ? null : 'First count the data of this patient'),
      again: (again, { patientId }) => (again === patientId ? null : 'Type the id of the patient again'),
    },
  });
  const submit = ({ patientId, keepOut }: { readonly patientId: string; readonly keepOut: boolean }) =>
    erase.mutate({
      params: { path: { id: connectionId, patientId }, query: { keepOut: keepOut ? 'true' : 'false' } },
    });
  const { patientId } = form.getValues();
  return (
    <EntryForm action="Erase the patient" mutation={erase} onSubmit={form.onSubmit(submit)}>
      <TextInput label="Id of the patient" withAsterisk {...form.getInputProps('patientId')} />
      <Button variant="default" disabled={patientId === ''} onClick={() => setCountedId(patientId)}>
        Count without deleting
      </Button>
      {countedId !== undefined && (
        <PatientAmounts id={connectionId} patientId={countedId}>
          <Checkbox
            label="Keep out"
            description="Do not store the patient again in the next export or sync"
            {...form.getInputProps('keepOut', { type: 'checkbox' })}
          />
          <Text size="sm">The records are deleted permanently. Backups and the EHR keep their copies.</Text>
          <TextInput
            label="Id of the patient again"
            description={`Type ${countedId} to confirm`}
            {...form.getInputProps('again')}
          />
        </PatientAmounts>
      )}
    </EntryForm>
  );
}

interface PatientAmountsProps {
  readonly id: string;
  readonly patientId: string;
  readonly children: ReactNode;
}

function PatientAmounts({ id, patientId, children }: PatientAmountsProps) {
  const params = { path: { id, patientId } };
  const data = api.useQuery('get', '/api/ehr/connections/{id}/patients/{patientId}/data', { params }, readOnce);
  return <AmountsFirst query={data}>{children}</AmountsFirst>;
}
