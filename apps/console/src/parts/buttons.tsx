import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { modals } from '@mantine/modals';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, refreshAll } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { notify } from './dialogs.ts';

interface ButtonLook {
  /** Other users do not see the button. Viewers see none that changes something. */
  readonly isForAdmins?: boolean;
  /** For actions that cannot be undone. */
  readonly isDangerous?: boolean;
  /** For the rows of a table. */
  readonly isCompact?: boolean;
}

function lookOf({ isDangerous = false, isCompact = false }: ButtonLook) {
  return {
    ...(isCompact ? { size: 'compact-sm', variant: 'light' } : {}),
    ...(isDangerous ? { color: 'red', variant: 'outline' } : {}),
  };
}

/** The request of an `ActionButton`. A failure is a notification. By default, a success reads again what the page shows. */
export const useAction: typeof api.useMutation = (method, path, options) =>
  api.useMutation(method, path, { onSuccess: refreshAll, onError: notify.failed, ...options });

interface ActionButtonProps<Input> extends ButtonLook {
  readonly label: string;
  readonly mutation: { readonly isPending: boolean; readonly mutate: (input: Input) => void };
  readonly input: NoInfer<Input>;
  /** Asked before the request is sent. */
  readonly question?: { readonly title: string; readonly text: string; readonly action: string };
  readonly 'aria-label'?: string;
}

/** A button that sends a request, after a question if there is one. */
export function ActionButton<Input>(props: ActionButtonProps<Input>) {
  const { label, mutation, input, question, isDangerous = false, isCompact = false, isForAdmins, ...others } = props;
  const { isAdmin, mayChange } = useSession();
  const send = () => mutation.mutate(input);
  const ask = ({ title, text, action }: NonNullable<typeof question>) =>
    modals.openConfirmModal({
      title,
      children: text,
      labels: { confirm: action, cancel: 'Go back' },
      confirmProps: { color: 'red' },
      onConfirm: send,
    });
  if (!mayChange || (isForAdmins && !isAdmin)) return null;
  return (
    <Button
      loading={mutation.isPending}
      onClick={() => (question ? ask(question) : send())}
      {...lookOf({ isDangerous, isCompact })}
      {...others}
    >
      {label}
    </Button>
  );
}

interface FormButtonProps extends ButtonLook {
  readonly label: string;
  /** The title of the dialog. Default: the label. */
  readonly title?: string;
  readonly icon?: ReactNode;
  /** Whether the form is open when the page is. */
  readonly isOpenAtFirst?: boolean;
  /** Other users do not see the button. */
  readonly isForOperators?: boolean;
  /** Beside the most important action of a page. */
  readonly isSecondary?: boolean;
  readonly children: (close: () => void) => ReactNode;
}

/** A button that opens a form, which is empty each time. */
export function FormButton(props: FormButtonProps) {
  const { label, title = label, icon = <IconPlus size={16} aria-hidden />, isSecondary = false, children } = props;
  const { isOperator, isAdmin, mayChange } = useSession();
  const [isOpen, { open, close }] = useDisclosure(props.isOpenAtFirst);
  if (!mayChange || (props.isForOperators && !isOperator) || (props.isForAdmins && !isAdmin)) return null;
  return (
    <>
      <Button leftSection={icon} onClick={open} variant={isSecondary ? 'default' : 'filled'} {...lookOf(props)}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} size="lg">
        {isOpen && children(close)}
      </Modal>
    </>
  );
}
