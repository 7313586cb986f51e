import { withoutNames } from '@bulkhead/client';
import { Alert, Button, List, Text, ThemeIcon } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { api, type Connection, type ConnectionTest, refreshAll } from '../api/api.ts';
import { errorText } from '../parts/coded-text.ts';
import { notify } from '../parts/dialogs.ts';
import { formatDuration } from '../parts/format.ts';
import { Timestamp } from '../parts/timestamp.tsx';

interface TestConnectionButtonProps {
  readonly connection: Pick<Connection, 'id' | 'needsAuthorization'>;
  readonly label?: string;
  /** For a row of a list. */
  readonly isCompact?: boolean;
}

export function TestConnectionButton({ connection, label = 'Test', isCompact = false }: TestConnectionButtonProps) {
  const { id, needsAuthorization } = connection;
  const test = api.useMutation('post', '/api/ehr/connections/{id}/test', {
    onSuccess: ({ data }) => {
      if (!('ok' in data)) notify.done('The test is still running. Its steps will appear here.');
      else if (data.ok) notify.done('The connection works.');
      else notify.problem(failedStep(data), 'See what to do under "Last test".');
      // Lists and the health report show the last test too.
      return refreshAll();
    },
    onError: notify.failed,
  });
  return (
    <Button
      // The advice about the next step has changed.
      variant={needsAuthorization ? 'outline' : 'filled'}
      {...(isCompact ? { size: 'compact-xs', variant: 'default' } : {})}
      loading={test.isPending}
      onClick={() => test.mutate({ params: { path: { id } } })}
    >
      {label}
    </Button>
  );
}

/** The result of the last test. A failure is a red message. */
export function LastTest({ test }: { readonly test: ConnectionTest | undefined }) {
  if (!test) return <Text size="sm">Not tested yet.</Text>;
  return (
    <>
      <Text size="sm" c="dimmed">
        <Timestamp at={test.endedAt} />
      </Text>
      {test.ok ? (
        <ConnectionTestSteps test={test} />
      ) : (
        <Alert color="red" role="alert" title={failedStep(test)}>
          <ConnectionTestSteps test={test} />
        </Alert>
      )}
    </>
  );
}

function failedStep({ steps }: ConnectionTest): string {
  return `The test has failed at the step "${steps.find(({ ok }) => !ok)?.step}".`;
}

/** The steps of a test, and what to do about the step that failed. */
export function ConnectionTestSteps({ test }: { readonly test: ConnectionTest }) {
  return (
    <List spacing="xs" center={false}>
      {test.steps.map(({ step, ok, durationMs, tried, code, message, whatToDo }) => (
        <List.Item key={step} icon={<StepIcon ok={ok} />}>
          <Text span fw={600}>
            {step}
          </Text>{' '}
          <Text span size="sm">
            {ok
              ? `in ${durationMs < 1000 ? `${durationMs} ms` : formatDuration(durationMs)}`
              : failureOf({ code, message, whatToDo })}
          </Text>
          {tried && (
            <Text size="sm" c="dimmed">
              {tried}
            </Text>
          )}
        </List.Item>
      ))}
    </List>
  );
}

/** Why a step failed, and what to do. */
function failureOf({
  code = 'internal',
  message = '',
  whatToDo = '',
}: Partial<ConnectionTest['steps'][number]>): string {
  const { title, text } = errorText({ code, message });
  return `${title}. ${text} ${text.includes(whatToDo) ? '' : withoutNames(whatToDo)}`.trim();
}

function StepIcon({ ok }: { readonly ok: boolean }) {
  const Icon = ok ? IconCheck : IconX;
  return (
    <ThemeIcon color={ok ? 'green.9' : 'red.9'} size={20} radius="xl" role="img" aria-label={ok ? 'worked' : 'failed'}>
      <Icon size={14} aria-hidden />
    </ThemeIcon>
  );
}
