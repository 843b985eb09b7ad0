import type { ReactNode } from 'react';
import { CloseIcon } from './icons.ts';
import classes from './remove-button.module.css';

interface RemoveButtonProps {
  /** What is removed, or closed. */
  label: string;
  /** There is none, but its place stays. */
  disabled?: boolean;
  onClick: () => void;
  className?: string | undefined;
}

/** A cross that takes something away. */
export function RemoveButton({ label, className = '', ...rest }: RemoveButtonProps): ReactNode {
  return (
    <button
      {...rest}
      type="button"
      className={`${classes.remove} ${className}`}
      aria-label={label}
      title={label}
    >
      <CloseIcon size={15} aria-hidden />
    </button>
  );
}
