import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { TpeStatus } from '../api/schema.ts';
import { shared } from '../i18n/en.ts';
import { TPE_LOOKS, TPE_ORDER } from './status.ts';
import classes from './progress-bar.module.css';

/** What the colours of a bar or chart mean. @param statuses by default all, in the order of a bar */
export function Legend({ statuses = TPE_ORDER }: { statuses?: readonly TpeStatus[] }): ReactNode {
  const t = useStore(shared);
  return (
    <ul className={classes.legend} aria-label={t.legend}>
      {statuses.map((status) => (
        <li key={status}>
          <span className={classes.bar} aria-hidden>
            <span data-tone={TPE_LOOKS[status].tone} />
          </span>
          {t[`status${status}`]}
        </li>
      ))}
    </ul>
  );
}
