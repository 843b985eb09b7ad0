import type { ComponentProps, ReactNode } from 'react';
import classes from './text-button.module.css';

interface TextButtonProps extends Omit<ComponentProps<'button'>, 'type' | 'className'> {
  /** Default: as large as the text of a page. */
  size?: 'small';
}

/** What can be done beside what counts: a button that looks like a link. */
export function TextButton({ size, ...rest }: TextButtonProps): ReactNode {
  return <button {...rest} type="button" className={classes.button} data-size={size} />;
}
