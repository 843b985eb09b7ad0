import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { RemoveButton } from '../../components/remove-button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { whyInWords, type Outcome } from './decide.ts';
import { messages } from './en.ts';
import { addressOf, type Filter } from './filters.ts';
import classes from './dead-letters.module.css';

interface OutcomePanelProps {
  outcome: Outcome;
  filter: Filter;
  onClose: () => void;
}

/** What came of a decision about many: how many were done, and each that was not, with why. */
export function OutcomePanel({ outcome, filter, onClose }: OutcomePanelProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { decision, done, skipped, skippedCount } = outcome;
  return (
    <section className={classes.outcome} aria-label={t.outcome}>
      <p role="status">
        <b>{decision === 'replay' ? t.outcomeReplayed(done) : t.outcomeDiscarded(done)}</b>
        {skippedCount > 0 && `, ${t.outcomeSkipped(skippedCount)}`}
      </p>
      <RemoveButton label={t.outcomeClose} onClick={onClose} />
      {skipped.length > 0 && (
        <ul>
          {skipped.map(({ id, why, detail }) => (
            <li key={id}>
              <Link href={addressOf(filter, id)}>
                <code>{id.slice(0, 8)}</code>
              </Link>{' '}
              {whyInWords(t, why)} <small>{detail}</small>
            </li>
          ))}
        </ul>
      )}
      {skippedCount > skipped.length && <p>{t.outcomeSkippedMore({ n: format.number(skipped.length) })}</p>}
    </section>
  );
}
