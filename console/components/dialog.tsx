import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/CloseButton.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import { Modal } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import classes from './dialog.module.css';

interface DialogProps {
  opened: boolean;
  title: ReactNode;
  onClose: () => void;
  /** False while something must not be broken off. */
  closable?: boolean;
  children: ReactNode;
}

/** A window over the page. It holds the focus, is closed by Escape, and gives the focus back. */
export function Dialog({ opened, title, onClose, closable = true, children }: DialogProps): ReactNode {
  const t = useStore(shared);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      closeOnEscape={closable}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t.closeDialog, disabled: !closable }}
      // It would write a style sheet into the page, which the page's security policy forbids.
      lockScroll={false}
      transitionProps={{ duration: 120, transition: 'fade' }}
      classNames={classes}
    >
      {children}
    </Modal>
  );
}
