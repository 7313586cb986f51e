import { Stack, Text, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { api, type BackendClient } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';
import { QueryResult } from '../parts/page.tsx';
import { fhirBaseUrlOf, tokenUrlOf, usePublicUrl } from '../parts/public-url.ts';
import { CopyIcon } from '../parts/short-text.tsx';

/** As many base URLs as a person would copy. */
const shownConnections = 10;

/** Opens a dialog with what a client needs to connect. Nothing in it is secret. */
export function showClientUrls(client: BackendClient, { title }: { readonly title: string }): void {
  modals.open({ title, size: 'xl', children: <ClientUrls client={client} /> });
}

function ClientUrls({ client: { id, connectionIds } }: { readonly client: BackendClient }) {
  const publicUrl = usePublicUrl();
  const ids = connectionIds?.slice(0, shownConnections).join();
  const { data } = api.useQuery('get', '/api/ehr/connections', { params: { query: { ids, limit: shownConnections } } });
  const counts = api.useQuery('get', '/api/ehr/connections/counts', {}, { enabled: connectionIds === undefined });
  const connections = data?.data ?? [];
  const hiddenCount = (connectionIds?.length ?? counts.data?.data.total ?? 0) - shownConnections;
  return (
    <Stack>
      <Text size="sm">Configure the client with these values. None of them is secret.</Text>
      <CopyField label="Client id" name="client id" text={id} />
      <QueryResult query={publicUrl}>
        {(url) => (
          <>
            <CopyField label="Token URL" name="token URL" text={tokenUrlOf(url)} />
            {connections.map((connection) => (
              <CopyField
                key={connection.id}
                label={`FHIR base URL of ${connection.name}`}
                name={`FHIR base URL of ${connection.name}`}
                text={fhirBaseUrlOf(url, connection)}
              />
            ))}
          </>
        )}
      </QueryResult>
      {data?.data.length === 0 && (
        <Text size="sm">There are no connections yet. The settings of a connection show its FHIR base URL.</Text>
      )}
      {hiddenCount > 0 && (
        <Text size="sm">
          The client can read {formatCount(hiddenCount)} more connections. The settings of a connection show its FHIR
          base URL.
        </Text>
      )}
    </Stack>
  );
}

/** A text in full, with a button that copies it. */
function CopyField({ label, name, text }: Readonly<Record<'label' | 'name' | 'text', string>>) {
  return (
    <TextInput
      label={label}
      readOnly
      value={text}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      onFocus={({ currentTarget }) => currentTarget.select()}
      rightSection={<CopyIcon text={text} name={name} />}
      rightSectionPointerEvents="all"
    />
  );
}
