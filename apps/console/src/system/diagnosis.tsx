import { Group, Paper, Stack, Text } from '@mantine/core';
import { api, type DiagnosisCheck } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { QueryResult } from '../parts/page.tsx';

/** The checks of `bulkhead doctor`, and what to do about each finding. */
export function Diagnosis() {
  const diagnosis = useDiagnosis();
  return (
    <QueryResult query={diagnosis}>
      {({ data }) => (
        <Stack gap="xs">
          {data.map((check) => (
            <Check key={check.name} check={check} />
          ))}
        </Stack>
      )}
    </QueryResult>
  );
}

function Check({ check: { name, state, found, whatToDo } }: { readonly check: DiagnosisCheck }) {
  return (
    <Paper withBorder p="sm">
      <Group gap="sm">
        <StatusBadge status={state} />
        <Text fw={600} span style={{ overflowWrap: 'anywhere' }}>
          <CheckName name={name} />
        </Text>
        <Text size="sm" span>
          {found}
        </Text>
      </Group>
      {whatToDo && (
        <Text size="sm" mt="xs" style={{ overflowWrap: 'anywhere' }}>
          {whatToDo}
        </Text>
      )}
    </Paper>
  );
}

/** The subject of a check. A connection is shown by its name. */
export function CheckName({ name }: { readonly name: string }) {
  const id = /^connection (\S+)$/.exec(name)?.[1];
  return id === undefined ? name : <ConnectionName id={id} />;
}

/** It queries Redis, MongoDB and every connection, so it runs less often than a list of records. */
const refreshMs = 60_000;

/** The checks of `bulkhead doctor`. */
export function useDiagnosis() {
  return api.useQuery('get', '/api/ehr/diagnosis', {}, { refetchInterval: refreshMs });
}
