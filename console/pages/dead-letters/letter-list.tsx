import { useDebouncedValue } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import { useCallback, useState, type ReactNode } from 'react';
import { EmptyState, NothingFound } from '../../components/empty-state.tsx';
import { DeadLettersIcon, SearchIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import type { Outcome } from './decide.ts';
import { messages } from './en.ts';
import { isFaulty, isFiltered, NO_FILTER, type Filter } from './filters.ts';
import { LetterFilter } from './letter-filter.tsx';
import { LetterTable } from './letter-table.tsx';
import { ManyActions } from './many-actions.tsx';
import { OutcomePanel } from './outcome-panel.tsx';
import { useLetters, useRefresh } from './use-letters.ts';

interface LetterListProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

/** A request per letter of a word would be too many. */
const TYPING_MS = 250;
const NONE: ReadonlySet<string> = new Set();

/** The letters that meet the filter, and what can be done about many of them at once. */
export function LetterList({ filter, onChange }: LetterListProps): ReactNode {
  const [settled] = useDebouncedValue(filter, TYPING_MS);
  const { letters, error, busy, more } = useLetters(settled);
  const refresh = useRefresh();
  const [selected, setSelected] = useState(NONE);
  const [outcome, setOutcome] = useState<Outcome>();
  const select = useCallback((ids: readonly string[], chosen: boolean) => {
    setSelected((before) => {
      const next = new Set(before);
      for (const id of ids) {
        if (chosen) next.add(id);
        else next.delete(id);
      }
      return next;
    });
  }, []);
  const faulty = isFaulty(settled);
  // Only what is shown and open can be meant: a filter that has changed takes the others out of sight.
  const chosen = (letters ?? []).filter(
    ({ deadLetterId, state }) => state === 'OPEN' && selected.has(deadLetterId),
  );
  const tell = (told: Outcome): void => {
    setOutcome(told);
    setSelected(NONE);
    refresh();
  };
  return (
    <>
      <LetterFilter filter={filter} onChange={onChange} />
      {outcome && <OutcomePanel outcome={outcome} filter={filter} onClose={() => setOutcome(undefined)} />}
      {error !== null && !faulty && <ProblemNotice error={error} onRetry={refresh} />}
      {letters === undefined && error === null && !faulty && <PageSkeleton />}
      {!faulty && letters && letters.length > 0 && (
        <>
          {settled.state === 'OPEN' && (
            <ManyActions
              filter={settled}
              chosen={chosen}
              onUnselect={() => setSelected(NONE)}
              onOutcome={tell}
            />
          )}
          <LetterTable
            letters={letters}
            filter={filter}
            selected={selected}
            onSelect={select}
            busy={busy}
            more={more}
          />
        </>
      )}
      {(faulty || letters?.length === 0) && (
        <Nothing filter={filter} faulty={faulty} onClear={() => onChange(NO_FILTER)} />
      )}
    </>
  );
}

interface NothingProps {
  filter: Filter;
  faulty: boolean;
  onClear: () => void;
}

function Nothing({ filter, faulty, onClear }: NothingProps): ReactNode {
  const t = useStore(messages);
  if (faulty) return <EmptyState icon={SearchIcon} title={t.correctFilter} />;
  if (!isFiltered(filter) && filter.state === 'OPEN') {
    return (
      <EmptyState icon={DeadLettersIcon} title={t.emptyTitle}>
        {t.emptyText}
      </EmptyState>
    );
  }
  return <NothingFound title={t.nothingFound} clear={t.clear} onClear={onClear} />;
}
