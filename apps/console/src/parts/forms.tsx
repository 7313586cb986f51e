import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
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

interface FormButtonProps {
  readonly label: string;
  /** The title of the dialog. */
  readonly title: string;
  readonly icon?: ReactNode;
  /** For actions that cannot be undone. */
  readonly isDangerous?: boolean;
  /** Whether the form is open when the page is. */
  readonly isOpenAtFirst?: boolean;
  /** Beside the most important action of a page. */
  readonly isSecondary?: boolean;
  /** For the rows of a table. */
  readonly isCompact?: boolean;
  readonly children: (close: () => void) => ReactNode;
}

/** A button that opens a form, which is empty each time. */
export function FormButton({
  label,
  title,
  icon = <IconPlus size={16} aria-hidden />,
  isDangerous = false,
  isOpenAtFirst = false,
  isSecondary = false,
  isCompact = false,
  children,
}: FormButtonProps) {
  const [isOpen, { open, close }] = useDisclosure(isOpenAtFirst);
  return (
    <>
      <Button
        leftSection={icon}
        onClick={open}
        variant={isSecondary ? 'default' : 'filled'}
        {...(isDangerous ? { color: 'red', variant: 'outline' } : {})}
        {...(isCompact ? { size: 'compact-sm', variant: 'light' } : {})}
      >
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} size="lg">
        {isOpen && children(close)}
      </Modal>
    </>
  );
}
