import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface FormButtonProps {
  readonly label: string;
  /** Of the dialog. */
  readonly title: string;
  readonly icon?: ReactNode;
  /** For what cannot be taken back. */
  readonly isDangerous?: boolean;
  readonly children: (close: () => void) => ReactNode;
}

/** A button with a form behind it, which is empty again whenever it is opened. */
export function FormButton({
  label,
  title,
  icon = <IconPlus size={16} aria-hidden />,
  isDangerous = false,
  children,
}: FormButtonProps) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button leftSection={icon} onClick={open} {...(isDangerous ? { color: 'red', variant: 'outline' } : {})}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} size="lg">
        {isOpen && children(close)}
      </Modal>
    </>
  );
}
