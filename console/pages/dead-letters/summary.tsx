import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import type { DeadLetterSummary } from '../../api/schema.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { TextButton } from '../../components/text-button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import type { Filter } from './filters.ts';
import { useSummary } from './use-letters.ts';
import classes from './dead-letters.module.css';

interface SummaryProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

type Kind = DeadLetterSummary['items'][number];

/** Kinds that are shown at first: the most frequent ones. */
const FEW = 6;

/** What is open, by error; a click shows the letters of one kind. */
export function Summary({ filter, onChange }: SummaryProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { data, error, refetch } = useSummary();
  const [all, setAll] = useState(false);
  if (error !== null && !data) return <ProblemNotice error={error} onRetry={() => void refetch()} />;
  const kinds = data?.items ?? [];
  const times = (pick: (kind: Kind) => string): string[] => kinds.map(pick).sort();
  const [oldest] = times(({ oldest: at }) => at);
  const newest = times(({ newest: at }) => at).at(-1);
  const shown = all ? kinds : kinds.slice(0, FEW);
  return (
    <section aria-label={t.summary}>
      <Stats label={t.summary}>
        <Stat
          label={t.figureOpen}
          value={data ? format.number(data.open) : '–'}
          tone={data && data.open > 0 ? 'timeout' : undefined}
        />
        <Stat
          label={t.figureKinds}
          value={data ? format.number(new Set(kinds.map((kind) => kind.error)).size) : '–'}
        />
        <Stat label={t.figureOldest} value={oldest === undefined ? '–' : <TimeAgo instant={oldest} />} />
        <Stat label={t.figureNewest} value={newest === undefined ? '–' : <TimeAgo instant={newest} />} />
      </Stats>
      {kinds.length > 0 && (
        <div className={classes.kinds} role="group" aria-label={t.summary}>
          {shown.map((kind) => (
            <KindButton
              key={`${kind.error} ${kind.topic} ${kind.stage}`}
              kind={kind}
              filter={filter}
              onChange={onChange}
            />
          ))}
          {kinds.length > shown.length && (
            <TextButton onClick={() => setAll(true)}>{t.moreKinds(kinds.length - shown.length)}</TextButton>
          )}
        </div>
      )}
    </section>
  );
}

function KindButton({ kind, filter, onChange }: SummaryProps & { kind: Kind }): ReactNode {
  const format = useFormat();
  const { error, topic, stage, count } = kind;
  const chosen = filter.error === error && filter.topic === topic && filter.stage === stage;
  const change: Partial<Filter> = chosen
    ? { error: '', topic: '', stage: '' }
    : { state: 'OPEN', error, topic, stage };
  return (
    <button type="button" className={classes.kind} aria-pressed={chosen} onClick={() => onChange(change)}>
      <b>{format.number(count)}</b>
      <span>
        <code>{error}</code>
        <small>
          {topic} · {stage}
        </small>
      </span>
    </button>
  );
}
