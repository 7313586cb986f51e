import type { components } from '@bulkhead/client';
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { api, type Connection } from '../api/api.ts';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { errorText } from '../parts/coded-text.ts';
import { notify } from '../parts/dialogs.ts';
import { EmptyState, QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';

type Probe = components['schemas']['Probe'];

/** A probe sends some requests in a second. */
const refreshMs = 2000;

/** Measures what the EHR does: starts a probe after a question, and shows, downloads and applies its facts. */
export function ConnectionProbe({ connection: { id, provider, environment } }: { readonly connection: Connection }) {
  const params = { path: { id } };
  const query = api.useQuery('get', '/api/ehr/connections/{id}/probe', { params }, { refetchInterval: refreshMs });
  const start = useAction('post', '/api/ehr/connections/{id}/probe');
  const cancel = useAction('delete', '/api/ehr/connections/{id}/probe');
  return (
    <QueryResult query={query}>
      {({ data: { plan, probe } }) => (
        <Stack>
          <Text size="sm">
            A probe measures what {provider} does in {environment}, such as the parameters of exports, pages and limits.
            Its facts contain no data of patients.
          </Text>
          <Group>
            {probe && probe.endedAt === undefined ? (
              <ActionButton label="Cancel the probe" mutation={cancel} input={{ params }} isDangerous />
            ) : (
              <ActionButton
                label="Start a probe"
                mutation={start}
                input={{ params, body: {} }}
                question={{
                  title: 'Start a probe?',
                  text: `It sends at most ${plan.requests} requests to the EHR, and starts at most ${plan.exports} small exports, which it deletes at once.`,
                  action: 'Start',
                }}
              />
            )}
            {probe?.file && <FileButtons file={probe.file} />}
          </Group>
          {probe ? (
            <ProbeResult probe={probe} />
          ) : (
            <EmptyState title="Nothing was measured yet">Start a probe.</EmptyState>
          )}
        </Stack>
      )}
    </QueryResult>
  );
}

function FileButtons({ file }: { readonly file: NonNullable<Probe['file']> }) {
  const apply = useAction('put', '/api/ehr/provider-facts', {
    onSuccess: () => notify.done('Applied. All processes use the facts within some seconds.'),
  });
  const text = JSON.stringify(file, undefined, 2);
  return (
    <>
      <Button
        component="a"
        variant="default"
        href={`data:application/json;charset=utf-8,${encodeURIComponent(text)}`}
        download={`facts-${file.provider}-${file.environment}.json`}
      >
        Download the facts
      </Button>
      <ActionButton
        label="Apply to the provider"
        mutation={apply}
        input={{ body: file }}
        isForAdmins
        question={{
          title: 'Apply the facts?',
          text: `All connections to ${file.provider} use them. The providers file of an operator goes before them.`,
          action: 'Apply',
        }}
      />
    </>
  );
}

function ProbeResult({ probe }: { readonly probe: Probe }) {
  const { phase, used, limits, rows, error } = probe;
  return (
    <>
      <Text size="sm" role="status">
        {phase}: {used.requests} of at most {limits.requests} requests, {used.exports} of at most {limits.exports}{' '}
        exports
      </Text>
      {error && (
        <Alert color="red" role="alert" title={errorText(error).title}>
          {errorText(error).text}
        </Alert>
      )}
      {rows.length > 0 && (
        <RecordTable caption="Measured facts" rows={rows} keyOf={({ name }) => name} columns={columns} />
      )}
    </>
  );
}

const columns: readonly Column<Probe['rows'][number]>[] = [
  { header: 'Fact', cell: ({ title }) => title },
  { header: 'Value', cell: ({ value = 'unknown' }) => value },
  { header: 'Known', cell: ({ known = '' }) => known },
  { header: 'Differs', cell: ({ differs }) => (differs ? 'yes' : '') },
  { header: 'How', cell: ({ how }) => how, from: 'sm' },
];
