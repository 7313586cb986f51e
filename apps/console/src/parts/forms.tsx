import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode, SubmitEventHandler } from 'react';
import { Problem } from './page.tsx';

interface EntryFormProps {
  readonly action: string;
  /** The request of the form and its errors. */
  readonly mutation: { readonly isPending: boolean; readonly error: unknown };
  readonly onSubmit: SubmitEventHandler<HTMLFormElement>;
  readonly children: ReactNode;
}

/** The fields, their errors, and the button. */
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
