import { NativeSelect } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { CloseIcon } from '../../components/icons.ts';
import { SearchField } from '../../components/search-field.tsx';
import { TextButton } from '../../components/text-button.tsx';
import { messages } from './en.ts';
import { FACETS, NO_FILTER, UNKNOWN, UNSEEN_DAYS, type Facet, type Filter } from './filters.ts';
import { useGroups } from './use-fleet.ts';
import classes from './fleet.module.css';

/** The API takes rules of 10,000 characters, and a search stands in one several times. */
const MAX_SEARCH = 100;

interface ToolbarProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

/** Narrows the list by what has no bar. */
export function Toolbar({ filter, onChange }: ToolbarProps): ReactNode {
  const t = useStore(messages);
  const groups = useGroups();
  // One that is in the address and was deleted since is still to be seen.
  const names = [...new Set([...groups.map(({ name }) => name), filter.group])].filter(Boolean);
  return (
    <search className={classes.toolbar} aria-label={t.filters}>
      <SearchField
        className={classes.search}
        label={t.search}
        placeholder={t.searchHint}
        keyWords={t.keySearch}
        maxLength={MAX_SEARCH}
        value={filter.q}
        onChange={(q) => onChange({ q })}
      />
      {names.length > 0 && (
        <NativeSelect
          className={classes.select}
          aria-label={t.group}
          value={filter.group}
          onChange={(event) => onChange({ group: event.currentTarget.value })}
          data={[
            { value: '', label: t.anyGroup },
            ...names.map((name) => ({ value: name, label: t.groupNamed({ name }) })),
          ]}
        />
      )}
      <NativeSelect
        className={classes.select}
        aria-label={t.columnSeen}
        value={filter.unseen}
        onChange={(event) =>
          onChange({ unseen: UNSEEN_DAYS.find((days) => days === event.currentTarget.value) ?? '' })
        }
        data={[
          { value: '', label: t.seenAnyTime },
          ...UNSEEN_DAYS.map((days) => ({ value: days, label: t.notSeenFor(Number(days)) })),
        ]}
      />
    </search>
  );
}

const NAMES = {
  version: 'columnVersion',
  model: 'columnModel',
  site: 'columnSite',
  tms: 'columnTms',
} as const satisfies Record<Facet, string>;

interface Chip {
  field: keyof Filter;
  words: string;
}

/** What the list is narrowed to; each is taken away by a click. */
export function ActiveFilters({ filter, onChange }: ToolbarProps): ReactNode {
  const t = useStore(messages);
  const chips: Chip[] = [
    ...FACETS.map((field) => ({
      field,
      value: filter[field],
      words: t.named({ name: t[NAMES[field]], value: filter[field] === UNKNOWN ? t.unknown : filter[field] }),
    })),
    { field: 'group' as const, value: filter.group, words: t.groupNamed({ name: filter.group }) },
    { field: 'unseen' as const, value: filter.unseen, words: t.notSeenFor(Number(filter.unseen)) },
    { field: 'q' as const, value: filter.q.trim(), words: t.searched({ text: filter.q.trim() }) },
  ].filter(({ value }) => value !== '');
  if (chips.length === 0) return null;
  return (
    <ul className={classes.chips} aria-label={t.activeFilters}>
      {chips.map(({ field, words }) => (
        <li key={field}>
          <button
            type="button"
            className={classes.chip}
            aria-label={t.removeFilter({ filter: words })}
            onClick={() => onChange({ [field]: '' })}
          >
            {words}
            <CloseIcon size={13} aria-hidden />
          </button>
        </li>
      ))}
      <li>
        <TextButton onClick={() => onChange(NO_FILTER)}>{t.clear}</TextButton>
      </li>
    </ul>
  );
}
