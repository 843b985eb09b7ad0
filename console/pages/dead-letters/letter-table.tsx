import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode, type RefObject } from 'react';
import type { DeadLetter } from '../../api/schema.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import type { Filter } from './filters.ts';
import { LetterRow } from './letter-row.tsx';
import classes from './dead-letters.module.css';

interface LetterTableProps {
  letters: readonly DeadLetter[];
  filter: Filter;
  /** Ids; those that are not open do not count. */
  selected: ReadonlySet<string>;
  onSelect: (ids: readonly string[], chosen: boolean) => void;
  busy: boolean;
  more: (() => void) | undefined;
}

export function LetterTable(props: LetterTableProps): ReactNode {
  const { letters, filter, selected, onSelect, busy, more } = props;
  const t = useStore(messages);
  const table = useRef<HTMLTableElement>(null);
  useKeys(table);
  const open = letters.filter(({ state }) => state === 'OPEN').map(({ deadLetterId }) => deadLetterId);
  const all = open.length > 0 && open.every((id) => selected.has(id));
  return (
    <>
      <table ref={table} className={classes.table} aria-label={t.table} aria-busy={busy}>
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                className={classes.check}
                aria-label={t.selectAll}
                title={t.selectAll}
                disabled={open.length === 0}
                checked={all}
                onChange={() => onSelect(open, !all)}
              />
            </th>
            <th scope="col">{t.columnError}</th>
            <th scope="col">{t.columnKey}</th>
            <th scope="col">{t.columnPlace}</th>
            <th scope="col">{t.columnFailed}</th>
            <th scope="col">{t.columnState}</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <LetterRow
              key={letter.deadLetterId}
              letter={letter}
              filter={filter}
              selected={selected.has(letter.deadLetterId)}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
      <footer className={classes.footer}>
        <p role="status">{t.shown(letters.length)}</p>
        {more && (
          <Button variant="default" size="xs" onClick={more}>
            {t.more}
          </Button>
        )}
      </footer>
    </>
  );
}

/** j and k go from letter to letter, x selects the one in focus, Enter opens it. */
function useKeys(table: RefObject<HTMLTableElement | null>): void {
  const t = useStore(messages);
  const focused = (): Element | null | undefined => document.activeElement?.closest('[data-letter]');
  const go = (by: 1 | -1): void => {
    const rows = [...(table.current?.querySelectorAll('[data-letter]') ?? [])];
    const row = focused();
    const next = row ? rows.indexOf(row) + by : by > 0 ? 0 : rows.length - 1;
    rows[Math.min(Math.max(next, 0), rows.length - 1)]?.querySelector('a')?.focus();
  };
  useShortcuts([
    { keys: 'j', words: t.keyNext, run: () => go(1) },
    { keys: 'k', words: t.keyPrevious, run: () => go(-1) },
    { keys: 'x', words: t.keySelect, run: () => focused()?.querySelector('input')?.click() },
  ]);
}
