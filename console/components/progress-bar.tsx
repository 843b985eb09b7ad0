import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { StatusCounts } from '../api/schema.ts';
import { shared } from '../i18n/en.ts';
import { useFormat } from '../i18n/format.ts';
import { TPE_LOOKS, TPE_ORDER } from './status.ts';
import classes from './progress-bar.module.css';

interface ProgressBarProps {
  counts: StatusCounts;
  total: number;
  size?: 'small' | 'large';
}

/** The terminals of a campaign as parts of a bar, by status; read out as their numbers. */
export function ProgressBar({ counts, total, size = 'small' }: ProgressBarProps): ReactNode {
  const t = useStore(shared);
  const format = useFormat();
  const parts = TPE_ORDER.flatMap((status) => {
    const count = counts[status] ?? 0;
    if (count === 0) return [];
    const text = `${t[`status${status}`]}: ${format.number(count)} (${format.percent((count / Math.max(total, 1)) * 100)})`;
    return [{ status, count, text }];
  });
  const label = parts.length > 0 ? parts.map(({ text }) => text).join(', ') : t.noTerminals;
  return (
    <div className={classes.bar} data-size={size} role="img" aria-label={label}>
      {parts.map(({ status, count, text }) => (
        <span key={status} data-tone={TPE_LOOKS[status].tone} style={{ flexGrow: count }} title={text} />
      ))}
    </div>
  );
}
