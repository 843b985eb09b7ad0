import type { ReactNode } from 'react';
import classes from './segmented.module.css';

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  /** The count is of what a choice would show. */
  choices: readonly { value: T; label: string; count?: string | undefined }[];
}

/** One of a few choices, all in view. */
export function Segmented<T extends string>({
  label,
  value,
  onChange,
  choices,
}: SegmentedProps<T>): ReactNode {
  return (
    <div className={classes.choices} role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
          {choice.count !== undefined && <b> {choice.count}</b>}
        </button>
      ))}
    </div>
  );
}
