import { NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode } from 'react';
import { SearchIcon } from '../../components/icons.ts';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import { GROUPS, STATUSES, type Filter, type Group } from './filters.ts';
import type { Figures } from './rows.ts';
import classes from './campaigns.module.css';

interface ToolbarProps {
  filter: Filter;
  figures: Figures | undefined;
  onChange: (change: Partial<Filter>) => void;
}

const GROUP_WORDS = {
  all: 'showAll',
  live: 'showLive',
  attention: 'showAttention',
  ended: 'showEnded',
} as const;

/** Narrows the list. */
export function Toolbar({ filter, figures, onChange }: ToolbarProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', words: t.keySearch, run: () => input.current?.focus() }]);
  const counts: Partial<Record<Group, number | undefined>> = {
    live: figures?.live,
    attention: figures?.attention,
  };
  const single = STATUSES.find((status) => status === filter.show);
  return (
    <search className={classes.toolbar} aria-label={t.filters}>
      <TextInput
        ref={input}
        className={classes.search}
        type="search"
        aria-label={t.search}
        placeholder={t.searchHint}
        leftSection={<SearchIcon size={15} aria-hidden />}
        leftSectionPointerEvents="none"
        value={filter.q}
        onChange={(event) => onChange({ q: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Escape' && input.current?.blur()}
      />
      <div className={classes.groups} role="group" aria-label={t.filters}>
        {GROUPS.map((group) => (
          <button
            key={group}
            type="button"
            aria-pressed={filter.show === group}
            onClick={() => onChange({ show: group })}
          >
            {t[GROUP_WORDS[group]]}
            {counts[group] !== undefined && <b>{format.number(counts[group])}</b>}
          </button>
        ))}
      </div>
      <NativeSelect
        className={classes.state}
        aria-label={t.state}
        value={single ?? ''}
        onChange={(event) =>
          onChange({ show: STATUSES.find((status) => status === event.currentTarget.value) ?? 'all' })
        }
        data={[
          { value: '', label: t.anyState },
          ...STATUSES.map((status) => ({ value: status, label: common[`campaign${status}`] })),
        ]}
      />
    </search>
  );
}
