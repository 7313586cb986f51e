import { Button, Group } from '@mantine/core';
import { Problem } from './problem.tsx';

interface FormEndProps {
  readonly action: string;
  readonly isPending: boolean;
  /** What the API has refused. */
  readonly error: unknown;
}

/** The last lines of a form: why it was refused, and its button. */
export function FormEnd({ action, isPending, error }: FormEndProps) {
  return (
    <>
      {error !== null && <Problem error={error} />}
      <Group justify="end">
        <Button type="submit" loading={isPending}>
          {action}
        </Button>
      </Group>
    </>
  );
}
