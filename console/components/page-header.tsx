import { useStore } from '@nanostores/react';
import { useEffect, type ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import classes from './page-header.module.css';

interface PageHeaderProps {
  /** Also in the title of the window. */
  title: string;
  /** A line below it. */
  children?: ReactNode;
  /** Buttons and links at its right. */
  actions?: ReactNode;
}

/** The head of a page: the one `h1` that it has. */
export function PageHeader({ title, children, actions }: PageHeaderProps): ReactNode {
  const { product } = useStore(shared);
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        <h1 className={classes.title}>{title}</h1>
        {children !== undefined && <p className={classes.line}>{children}</p>}
      </div>
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
