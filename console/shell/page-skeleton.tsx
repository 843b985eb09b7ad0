import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import classes from './page-skeleton.module.css';

/** Stands where a page will be; the page in index.html shows the same before any code is there. */
export function PageSkeleton(): ReactNode {
  const t = useStore(shared);
  return (
    <div className={classes.skeleton} role="status">
      <span className="hidden-text">{t.loading}</span>
      <i />
      <i />
      <i />
    </div>
  );
}
