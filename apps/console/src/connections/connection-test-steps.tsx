import { List, Text, ThemeIcon } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { ConnectionTest } from '../api/records.ts';
import { Moment } from '../parts/moment.tsx';

/** What a test did, one step after the other, and what to do about the one that failed. */
export function ConnectionTestSteps({ test }: { readonly test: ConnectionTest | undefined }) {
  if (!test) return <Text size="sm">It was not tested yet.</Text>;
  return (
    <>
      <Text size="sm" c="dimmed">
        <Moment at={test.endedAt} />
      </Text>
      <List spacing="xs" center={false}>
        {test.steps.map(({ step, ok, durationMs, tried, code, message, whatToDo }) => (
          <List.Item key={step} icon={<StepIcon ok={ok} />}>
            <Text span fw={600}>
              {step}
            </Text>{' '}
            <Text span size="sm">
              {ok ? `in ${durationMs} ms` : `${code}: ${message} ${whatToDo ?? ''}`}
            </Text>
            {tried && (
              <Text size="sm" c="dimmed">
                {tried}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </>
  );
}

function StepIcon({ ok }: { readonly ok: boolean }) {
  const Icon = ok ? IconCheck : IconX;
  return (
    <ThemeIcon color={ok ? 'green.9' : 'red.9'} size={20} radius="xl" role="img" aria-label={ok ? 'worked' : 'failed'}>
      <Icon size={14} aria-hidden />
    </ThemeIcon>
  );
}
