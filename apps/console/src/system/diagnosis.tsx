import { Group, Paper, Stack, Text } from '@mantine/core';
import { api } from '../api/api.ts';
import type { DiagnosisCheck } from '../api/records.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { CheckName } from './check-name.tsx';

/** It asks Redis, MongoDB and every connection: not as often as a list of records. */
const refreshMs = 60_000;

/** The checks of `bulkhead doctor`, and what to do about what they found. */
export function Diagnosis() {
  const found = api.useQuery('get', '/api/ehr/diagnosis', {}, { refetchInterval: refreshMs });
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <Stack gap="xs">
          {data.map((check) => (
            <Check key={check.name} check={check} />
          ))}
        </Stack>
      )}
    </LookedUp>
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
