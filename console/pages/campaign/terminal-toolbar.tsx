import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { Campaign } from '../../api/schema.ts';
import { SearchField } from '../../components/search-field.tsx';
import { shared } from '../../i18n/en.ts';
import { messages } from './en.ts';
import { isFiltered, NO_FILTER, STATUS_CHOICES, type Filter, type TerminalFilter } from './filters.ts';
import classes from './terminals.module.css';

interface TerminalToolbarProps {
  campaign: Campaign;
  filter: TerminalFilter;
  onChange: (change: Partial<TerminalFilter>) => void;
}

/** Narrows the terminals. */
export function TerminalToolbar({ campaign, filter, onChange }: TerminalToolbarProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const words = (choice: Filter['status']): string => {
    if (choice === '') return t.anyStatus;
    return choice === 'FAILED,TIMEOUT' ? t.allFailures : common[`status${choice}`];
  };
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
      <NativeSelect
        className={classes.choice}
        aria-label={t.columnState}
        value={filter.status}
        onChange={(event) =>
          onChange({ status: STATUS_CHOICES.find((choice) => choice === event.currentTarget.value) ?? '' })
        }
        data={STATUS_CHOICES.map((choice) => ({ value: choice, label: words(choice) }))}
      />
      {campaign.waves.length > 1 && (
        <NativeSelect
          className={classes.choice}
          aria-label={t.columnWave}
          value={String(filter.wave)}
          onChange={(event) => onChange({ wave: Number(event.currentTarget.value) })}
          data={[
            { value: '0', label: t.anyWave },
            ...campaign.waves.map(({ wave, name }) => ({ value: String(wave), label: `${wave} ${name}` })),
          ]}
        />
      )}
      {(['reason', 'model', 'site'] as const).map((name) => (
        <TextInput
          key={name}
          className={classes.text}
          aria-label={t[`filter_${name}`]}
          placeholder={t[`filter_${name}`]}
          value={filter[name]}
          onChange={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      ))}
      {isFiltered(filter) && (
        <Button variant="subtle" size="xs" onClick={() => onChange(NO_FILTER)}>
          {t.clear}
        </Button>
      )}
    </search>
  );
}
