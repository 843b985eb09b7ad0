import { useStore } from '@nanostores/react';
import { memo, type ReactNode } from 'react';
import type { DeadLetter } from '../../api/schema.ts';
import { CancelIcon, CompletedIcon, WaitIcon } from '../../components/icons.ts';
import { ListRow, RowName } from '../../components/list-table.tsx';
import { Badge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { messages } from './en.ts';
import { addressOf, type Filter, type State } from './filters.ts';
import classes from './dead-letters.module.css';

interface LetterRowProps {
  letter: DeadLetter;
  filter: Filter;
  selected: boolean;
  onSelect: (ids: readonly string[], chosen: boolean) => void;
}

export const LetterRow = memo(function LetterRow({
  letter,
  filter,
  selected,
  onSelect,
}: LetterRowProps): ReactNode {
  const t = useStore(messages);
  const { deadLetterId, error, reason, topic, stage, failedAt, state } = letter;
  const key = useKeyInWords(letter);
  const middle = key.indexOf('|') + 1;
  const open = state === 'OPEN';
  return (
    <ListRow className={classes.row} data-letter={deadLetterId} data-selected={open && selected}>
      <td className={classes.select}>
        <input
          type="checkbox"
          className={classes.check}
          aria-label={t.select({ error, key })}
          disabled={!open}
          checked={open && selected}
          onChange={(event) => onSelect([deadLetterId], event.currentTarget.checked)}
        />
      </td>
      <td className={classes.error}>
        <RowName href={addressOf(filter, deadLetterId)}>{error}</RowName>
        <span>{reason}</span>
      </td>
      <td className={classes.key}>
        <code>
          {/* A key of two ids breaks between them. */}
          <span>{key.slice(0, middle)}</span>
          <span>{key.slice(middle)}</span>
        </code>
      </td>
      <td className={classes.place}>
        {topic} <small>{stage}</small>
      </td>
      <td className={classes.failed}>
        <TimeAgo instant={failedAt} />
      </td>
      <td className={classes.state}>
        <StateBadge state={state} />
      </td>
    </ListRow>
  );
});

export function useKeyInWords({ key }: Pick<DeadLetter, 'key'>): string {
  const t = useStore(messages);
  if (key === null) return t.noKey;
  return key.encoding === 'utf-8' ? key.content : t.binaryKey;
}

const LOOKS = {
  OPEN: { icon: WaitIcon, tone: 'timeout' },
  REPLAYED: { icon: CompletedIcon, tone: 'success' },
  DISCARDED: { icon: CancelIcon, tone: 'cancelled' },
} as const;

/** The state of a letter as a word with its icon. */
export function StateBadge({ state }: { state: State }): ReactNode {
  const t = useStore(messages);
  return <Badge {...LOOKS[state]}>{t[`state${state}`]}</Badge>;
}
