import { Button, List, Text, ThemeIcon } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Connection, type ConnectionTest } from '../api/api.ts';
import { notify } from '../parts/dialogs.ts';
import { Moment } from '../parts/facts.tsx';

export function TestConnectionButton({ connection: { id, needsAuthorization } }: { readonly connection: Connection }) {
  const queries = useQueryClient();
  const test = api.useMutation('post', '/api/ehr/connections/{id}/test', {
    onSuccess: ({ data }) => {
      if ('ok' in data)
        notify.done(data.ok ? 'The connection works.' : 'The test has failed. See the step that failed.');
      else notify.done('The test is still running. Its steps will appear here.');
      return queries.invalidateQueries({ queryKey: ['get', '/api/ehr/connections/{id}'] });
    },
    onError: notify.failed,
  });
  return (
    <Button
      // The advice about the next step has changed.
      variant={needsAuthorization ? 'outline' : 'filled'}
      loading={test.isPending}
      onClick={() => test.mutate({ params: { path: { id } } })}
    >
      Test
    </Button>
  );
}

/** The steps of a test, and what to do about the step that failed. */
export function ConnectionTestSteps({ test }: { readonly test: ConnectionTest | undefined }) {
  if (!test) return <Text size="sm">Not tested yet.</Text>;
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
