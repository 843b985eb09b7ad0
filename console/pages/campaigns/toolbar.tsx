import { NativeSelect } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { SearchField } from '../../components/search-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { GROUPS, STATUSES, type Filter } from './filters.ts';
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
  const countOf = (group: Filter['show']): string | undefined =>
    figures && (group === 'live' || group === 'attention') ? format.number(figures[group]) : undefined;
  const single = STATUSES.find((status) => status === filter.show);
  return (
    <search className={classes.toolbar} aria-label={t.filters}>
      <SearchField
        className={classes.search}
        label={t.search}
        placeholder={t.searchHint}
        keyWords={t.keySearch}
        value={filter.q}
        onChange={(q) => onChange({ q })}
      />
      <Segmented<Filter['show']>
        label={t.filters}
        value={filter.show}
        onChange={(show) => onChange({ show })}
        choices={GROUPS.map((group) => ({
          value: group,
          label: t[GROUP_WORDS[group]],
          count: countOf(group),
        }))}
      />
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
