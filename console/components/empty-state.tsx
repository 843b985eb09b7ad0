import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { SearchIcon, type Icon } from './icons.ts';
import classes from './empty-state.module.css';

interface EmptyStateProps {
  icon: Icon;
  title: string;
  /** What to do about it. */
  children?: ReactNode;
}

/** Says that there is nothing, why, and what to do. */
export function EmptyState({ icon: Icon, title, children }: EmptyStateProps): ReactNode {
  return (
    <div className={classes.empty}>
      <Icon size={28} strokeWidth={1.5} aria-hidden />
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.text}>{children}</div>}
    </div>
  );
}

interface NothingFoundProps {
  title: string;
  /** What the button says. */
  clear: string;
  onClear: () => void;
}

/** Nothing meets the filter, which can be cleared. */
export function NothingFound({ title, clear, onClear }: NothingFoundProps): ReactNode {
  return (
    <EmptyState icon={SearchIcon} title={title}>
      <Button variant="default" size="xs" onClick={onClear}>
        {clear}
      </Button>
    </EmptyState>
  );
}
