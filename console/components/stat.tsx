import type { ReactNode } from 'react';
import type { Tone } from './status.ts';
import classes from './stat.module.css';

interface StatProps {
  label: string;
  value: ReactNode;
  /** A word about it. */
  detail?: ReactNode;
  /** Colours the value; the words must say it, too. */
  tone?: Tone | undefined;
}

/** A list of figures: `<Stats label="…"><Stat … /></Stats>`. */
export function Stats({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <dl className={classes.stats} aria-label={label}>
      {children}
    </dl>
  );
}

/** One figure with its name. */
export function Stat({ label, value, detail, tone }: StatProps): ReactNode {
  return (
    <div className={classes.stat}>
      <dt>{label}</dt>
      <dd>
        <span className={classes.value} style={tone && { color: `var(--${tone}-ink)` }}>
          {value}
        </span>
        {detail !== undefined && <span className={classes.detail}>{detail}</span>}
      </dd>
    </div>
  );
}
