import { Suspense, type ReactNode } from 'react';
import { lazyPart } from '../lib/lazy-part.tsx';

export interface Given {
  /** Who does it, as the audit trail is to have it. */
  by: string;
  reason?: string;
}

export interface ConfirmActionProps {
  title: string;
  /** What will happen, in numbers where there are some; a sentence each. */
  consequences: readonly string[];
  /** What the button does, as a verb: "Pause campaign". */
  confirmLabel: string;
  /** It can not be undone. */
  danger?: boolean;
  reason?: 'required' | 'optional' | 'none';
  /** Does it. What it throws is shown, and the dialog stays; else the dialog closes. Never called twice at once. */
  onConfirm: (given: Given) => Promise<void>;
  onClose: () => void;
}

const { Part: ConfirmDialog, preload } = lazyPart(() => import('./confirm-dialog.tsx'));

/** Has the dialog there before the line is lost. */
export const preloadConfirm = preload;

/**
 * Asks once before something is done, says what will happen, takes the reason, and the name of who has not said it
 * yet. Drawn while it is open only.
 */
export function ConfirmAction(props: ConfirmActionProps): ReactNode {
  return (
    <Suspense fallback={null}>
      <ConfirmDialog {...props} />
    </Suspense>
  );
}
