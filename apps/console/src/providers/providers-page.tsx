import { Code, Text } from '@mantine/core';
import { api, type Provider } from '../api/api.ts';
import { FormButton } from '../parts/buttons.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { NewProviderForm, ProviderSettings } from './provider-forms.tsx';

/** The EHR vendors that connections can use. */
export function ProvidersPage() {
  const providers = api.useQuery('get', '/api/ehr/providers');
  return (
    <Page
      title="Providers"
      actions={
        <FormButton label="Add a provider" title="Add a provider" isForAdmins>
          {(close) => <NewProviderForm onDone={close} />}
        </FormButton>
      }
    >
      <Text size="sm">The EHR vendors and their servers. Credentials go to the hosts of a provider only.</Text>
      <QueryTable query={providers} caption="Providers" columns={columns} keyOf={({ id }) => id} />
    </Page>
  );
}

const columns: readonly Column<Provider>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Id', cell: ({ id }) => <Code>{id}</Code>, from: 'sm' },
  {
    header: 'FHIR endpoints',
    cell: ({ fhirEndpoints }) =>
      Object.entries(fhirEndpoints).map(([environment, url]) => (
        <Text key={environment} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {environment}: {url}
        </Text>
      )),
    from: 'md',
  },
  {
    header: 'Actions',
    cell: ({ id, name }) => (
      <FormButton label="Settings" title={`Settings of ${name}`} isSecondary>
        {(close) => <ProviderSettings id={id} onDone={close} />}
      </FormButton>
    ),
  },
];
