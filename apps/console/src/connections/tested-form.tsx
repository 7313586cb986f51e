import { Alert, Box, Button, Group, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { type ReactNode, type SyntheticEvent, useState } from 'react';
import { api, type ConnectionDraft, type ConnectionTest } from '../api/api.ts';
import { Problem } from '../parts/page.tsx';
import { ConnectionTestSteps } from './test-connection.tsx';

interface TestedFormProps {
  /** What the fields say now. A user must authorize a connection with `authorization_code` first, so it is saved without a test. */
  readonly draft: ConnectionDraft;
  /** Shows what is missing. @returns whether the fields can be sent */
  readonly validate: () => boolean;
  readonly save: { readonly isPending: boolean; readonly error: unknown };
  readonly onSave: () => void;
  /** Shown instead of the error of the last save. */
  readonly refusal?: ReactNode;
  readonly children: ReactNode;
}

/** A form whose credentials are tested before they are saved. After a failed test the user may save them anyway. */
export function TestedForm({ draft, validate, save, onSave, refusal, children }: TestedFormProps) {
  const [tested, setTested] = useState<{ readonly key: string; readonly test: ConnectionTest }>();
  const key = JSON.stringify(draft);
  const test = api.useMutation('post', '/api/ehr/connections/test', {
    onSuccess: ({ data }, { body }) => setTested({ key: JSON.stringify(body), test: data }),
  });
  const result = tested?.key === key ? tested.test : undefined;
  const isTestable = draft.auth.method !== 'authorization_code';
  const runTest = async (): Promise<boolean> => {
    try {
      return (await test.mutateAsync({ body: draft })).data.ok;
    } catch {
      // The error is shown below.
      return false;
    }
  };
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!validate()) return;
    if (!isTestable || result?.ok || (await runTest())) onSave();
  };
  return (
    <form onSubmit={(event) => void submit(event)} autoComplete="off" noValidate>
      <Stack>
        {children}
        {test.error !== null && (
          <Shown>
            <Problem error={test.error} />
          </Shown>
        )}
        {result && (
          <Shown key={result.endedAt}>
            <TestResult test={result} />
          </Shown>
        )}
        {save.error !== null && <Shown>{refusal ?? <Problem error={save.error} />}</Shown>}
        <Group justify="end">
          {isTestable && (
            <Button variant="default" loading={test.isPending} onClick={() => validate() && void runTest()}>
              Test
            </Button>
          )}
          {(result?.ok === false || test.error !== null) && (
            <Button variant="outline" color="red" loading={save.isPending} onClick={() => validate() && onSave()}>
              Save without a working test
            </Button>
          )}
          <Button type="submit" loading={save.isPending || test.isPending}>
            {isTestable && !result?.ok ? 'Test and save' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Scrolls a message below the fields into view when it appears. */
function Shown({ children }: { readonly children: ReactNode }) {
  return <Box ref={scrollIntoView}>{children}</Box>;
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

/** Shows what is missing in a form, and moves the focus to the first such field. */
export function checkForm<Form extends object>(form: UseFormReturnType<Form>): boolean {
  const { hasErrors, errors } = form.validate();
  const [first] = Object.keys(errors);
  if (first !== undefined) form.getInputNode(first)?.focus();
  return !hasErrors;
}

function TestResult({ test }: { readonly test: ConnectionTest }) {
  return (
    <Alert
      color={test.ok ? 'green' : 'red'}
      role={test.ok ? 'status' : 'alert'}
      title={test.ok ? 'The connection works.' : 'The test has failed.'}
    >
      <Text size="sm">{test.ok ? 'Nothing is saved yet.' : 'Correct the fields, and test again.'}</Text>
      <ConnectionTestSteps test={test} />
    </Alert>
  );
}
