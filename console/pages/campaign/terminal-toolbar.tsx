import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode } from 'react';
import type { Campaign } from '../../api/schema.ts';
import { SearchIcon } from '../../components/icons.ts';
import { shared } from '../../i18n/en.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
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
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', words: t.keySearch, run: () => input.current?.focus() }]);
  const words = (choice: Filter['status']): string => {
    if (choice === '') return t.anyStatus;
    return choice === 'FAILED,TIMEOUT' ? t.allFailures : common[`status${choice}`];
  };
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
