import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode, SubmitEventHandler } from 'react';
import { Problem } from './problem.tsx';

interface EntryFormProps {
  readonly action: string;
  /** What the form sends, with what the API has refused. */
  readonly mutation: { readonly isPending: boolean; readonly error: unknown };
  readonly onSubmit: SubmitEventHandler<HTMLFormElement>;
  readonly children: ReactNode;
}

/** Fields, why they were refused, and the button. */
export function EntryForm({ action, mutation: { isPending, error }, onSubmit, children }: EntryFormProps) {
  return (
    <form onSubmit={onSubmit} autoComplete="off">
      <Stack>
        {children}
        {error !== null && <Problem error={error} />}
        <Group justify="end">
          <Button type="submit" loading={isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
