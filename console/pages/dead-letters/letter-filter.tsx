import { NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { SearchField } from '../../components/search-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { TimeRangeField } from '../../components/time-range-field.tsx';
import { messages } from './en.ts';
import { isFaulty, isFiltered, NO_FILTER, STATES, type Filter } from './filters.ts';
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
      <TextInput
        type="search"
        aria-label={t.error}
        placeholder={t.errorHint}
        list="letter-errors"
        spellCheck={false}
        value={filter.error}
        onChange={(event) => onChange({ error: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={t.topic}
        value={filter.topic}
        onChange={(event) => onChange({ topic: event.currentTarget.value })}
        data={[{ value: '', label: t.anyTopic }, ...topics]}
      />
      <TextInput
        type="search"
        aria-label={t.stage}
        placeholder={t.stageHint}
        list="letter-stages"
        spellCheck={false}
        value={filter.stage}
        onChange={(event) => onChange({ stage: event.currentTarget.value })}
      />
      <TimeRangeField
        value={filter}
        onChange={onChange}
        faulty={isFaulty(filter)}
        words={{
          label: t.time,
          any: t.timeAny,
          hour: t.timeHour,
          day: t.timeDay,
          week: t.timeWeek,
          month: t.timeMonth,
          between: t.timeBetween,
          from: t.timeFrom,
          to: t.timeTo,
          backwards: t.timeBackwards,
        }}
      />
      {isFiltered(filter) && (
        <button type="button" className={classes.link} onClick={() => onChange(NO_FILTER)}>
          {t.clear}
        </button>
      )}
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
