import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

interface FormModalProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form that is empty again whenever it is opened. */
export function FormModal({ title, isOpen, onClose, children }: FormModalProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={title} size="lg">
      {isOpen && children}
    </Modal>
  );
}
