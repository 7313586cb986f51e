import { Group, Paper, Stack, Text } from '@mantine/core';
import type { DiagnosisCheck } from '../api/records.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { CheckName } from './check-name.tsx';
import { useDiagnosis } from './use-diagnosis.ts';

/** The checks of `bulkhead doctor`, and what to do about what they found. */
export function Diagnosis() {
  const found = useDiagnosis();
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
