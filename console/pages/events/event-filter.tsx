import { NativeSelect } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { FilterField, SearchField } from '../../components/search-field.tsx';
import { TextButton } from '../../components/text-button.tsx';
import { TimeRangeField } from '../../components/time-range-field.tsx';
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
  const faults = faultsOf(filter);
  const field = (name: TextField, label: string, placeholder: string) => ({
    label,
    placeholder,
    value: filter[name],
    error: faults.has(name) ? (name === 'type' ? t.typeFault : t.idFault) : undefined,
    onChange: (value: string) => onChange({ [name]: value }),
  });
  return (
    <search className={classes.filter} aria-label={t.filters}>
      <SearchField {...field('type', t.type, t.typeHint)} keyWords={t.keySearch} list="event-types" />
      <FilterField {...field('actor', t.actor, t.actorHint)} />
      <FilterField {...field('campaignId', t.campaignId, t.campaignHint)} list="event-campaigns" />
      <FilterField {...field('tpeId', t.tpeId, t.tpeHint)} />
      <FilterField {...field('correlationId', t.correlationId, t.correlationId)} />
      <TimeRangeField label={t.time} value={filter} onChange={onChange} />
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
      {isFiltered(filter) && <TextButton onClick={() => onChange(NO_FILTER)}>{t.clear}</TextButton>}
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
