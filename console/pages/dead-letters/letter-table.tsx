import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { DeadLetter } from '../../api/schema.ts';
import { ListFooter, ListTable } from '../../components/list-table.tsx';
import { rowInFocus } from '../../components/row-keys.ts';
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
  useShortcuts([{ keys: 'x', words: t.keySelect, run: () => rowInFocus()?.querySelector('input')?.click() }]);
  const open = letters.filter(({ state }) => state === 'OPEN').map(({ deadLetterId }) => deadLetterId);
  const all = open.length > 0 && open.every((id) => selected.has(id));
  return (
    <>
      <ListTable
        label={t.table}
        busy={busy}
        keys={{ next: t.keyNext, previous: t.keyPrevious }}
        columns={[
          {
            head: (
              <input
                type="checkbox"
                className={classes.check}
                aria-label={t.selectAll}
                title={t.selectAll}
                disabled={open.length === 0}
                checked={all}
                onChange={() => onSelect(open, !all)}
              />
            ),
          },
          t.columnError,
          t.columnKey,
          t.columnPlace,
          t.columnFailed,
          t.columnState,
        ]}
      >
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
      </ListTable>
      <ListFooter shown={t.shown(letters.length)} more={more} moreWords={t.more} />
    </>
  );
}
