import { NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode, type Ref } from 'react';
import { SearchIcon } from '../../components/icons.ts';
import { TimeRangeField } from '../../components/time-range-field.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import { TYPE_SUGGESTIONS, whatHappened } from './event-words.ts';
import { faultsOf, isFiltered, NO_FILTER, type Filter, type TextField } from './filters.ts';
import classes from './events.module.css';

interface EventFilterProps {
  filter: Filter;
  /** Names of campaigns by id, to choose from. */
  campaigns: ReadonlyMap<string, string>;
  onChange: (change: Partial<Filter>) => void;
}

/** Narrows the search. */
export function EventFilter({ filter, campaigns, onChange }: EventFilterProps): ReactNode {
  const t = useStore(messages);
  const first = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', words: t.keySearch, run: () => first.current?.focus() }]);
  const faults = faultsOf(filter);
  const field = (name: TextField, label: string, hint: string, list?: string): FieldProps => ({
    label,
    hint,
    list,
    value: filter[name],
    error: faults.has(name) ? (name === 'type' ? t.typeFault : t.idFault) : undefined,
    onChange: (value) => onChange({ [name]: value }),
  });
  return (
    <search className={classes.filter} aria-label={t.filters}>
      <Field ref={first} {...field('type', t.type, t.typeHint, 'event-types')} icon />
      <Field {...field('actor', t.actor, t.actorHint)} />
      <Field {...field('campaignId', t.campaignId, t.campaignHint, 'event-campaigns')} />
      <Field {...field('tpeId', t.tpeId, t.tpeHint)} />
      <Field {...field('correlationId', t.correlationId, t.correlationId)} />
      <TimeRangeField
        value={filter}
        onChange={onChange}
        faulty={faults.has('time')}
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
      <NativeSelect
        className={classes.order}
        aria-label={t.order}
        value={filter.order}
        onChange={(event) => onChange({ order: event.currentTarget.value === 'asc' ? 'asc' : 'desc' })}
        data={[
          { value: 'desc', label: t.newestFirst },
          { value: 'asc', label: t.oldestFirst },
        ]}
      />
      {isFiltered(filter) && (
        <button type="button" className={classes.clear} onClick={() => onChange(NO_FILTER)}>
          {t.clear}
        </button>
      )}
      <datalist id="event-types">
        {TYPE_SUGGESTIONS.map((type) => (
          <option key={type} value={type}>
            {whatHappened(t, type)}
          </option>
        ))}
      </datalist>
      <datalist id="event-campaigns">
        {[...campaigns].map(([campaignId, name]) => (
          <option key={campaignId} value={campaignId}>
            {name}
          </option>
        ))}
      </datalist>
    </search>
  );
}

interface FieldProps {
  label: string;
  hint: string;
  value: string;
  error: string | undefined;
  /** Id of the suggestions. */
  list: string | undefined;
  icon?: boolean;
  onChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
}

function Field({ label, hint, value, error, list, icon = false, onChange, ref }: FieldProps): ReactNode {
  return (
    <TextInput
      ref={ref}
      type="search"
      aria-label={label}
      title={label}
      placeholder={hint}
      leftSection={icon && <SearchIcon size={15} aria-hidden />}
      leftSectionPointerEvents="none"
      list={list}
      autoComplete="off"
      spellCheck={false}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}
