import { NativeSelect } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { FilterField, SearchField } from '../../components/search-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { TextButton } from '../../components/text-button.tsx';
import { TimeRangeField } from '../../components/time-range-field.tsx';
import { messages } from './en.ts';
import { isFiltered, NO_FILTER, STATES, type Filter } from './filters.ts';
import { useSummary } from './use-letters.ts';
import classes from './dead-letters.module.css';

interface LetterFilterProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

const TOPICS = ['tpe.update.command', 'tpe.update.status', 'tpe.version.snapshot', 'tpe.events.dlq'];

/** Narrows the list. */
export function LetterFilter({ filter, onChange }: LetterFilterProps): ReactNode {
  const t = useStore(messages);
  const { data: summary } = useSummary();
  const known = (pick: 'error' | 'stage' | 'topic'): string[] => [
    ...new Set(summary?.items.map((kind) => kind[pick])),
  ];
  const topics = [...new Set([...TOPICS, ...known('topic'), filter.topic])].filter((topic) => topic !== '');
  return (
    <search className={classes.filter} aria-label={t.filters}>
      <div className={classes.states}>
        <Segmented
          label={t.state}
          value={filter.state}
          onChange={(state) => onChange({ state })}
          choices={[
            ...STATES.map((state) => ({ value: state, label: t[`state${state}`] })),
            { value: 'all' as const, label: t.stateAll },
          ]}
        />
      </div>
      <SearchField
        label={t.key}
        placeholder={t.keyHint}
        keyWords={t.keySearch}
        value={filter.key}
        onChange={(key) => onChange({ key })}
      />
      <FilterField
        label={t.error}
        placeholder={t.errorHint}
        list="letter-errors"
        value={filter.error}
        onChange={(error) => onChange({ error })}
      />
      <NativeSelect
        aria-label={t.topic}
        value={filter.topic}
        onChange={(event) => onChange({ topic: event.currentTarget.value })}
        data={[{ value: '', label: t.anyTopic }, ...topics]}
      />
      <FilterField
        label={t.stage}
        placeholder={t.stageHint}
        list="letter-stages"
        value={filter.stage}
        onChange={(stage) => onChange({ stage })}
      />
      <TimeRangeField label={t.time} value={filter} onChange={onChange} />
      {isFiltered(filter) && <TextButton onClick={() => onChange(NO_FILTER)}>{t.clear}</TextButton>}
      <Suggestions id="letter-errors" values={known('error')} />
      <Suggestions id="letter-stages" values={known('stage')} />
    </search>
  );
}

function Suggestions({ id, values }: { id: string; values: readonly string[] }): ReactNode {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
