import { useMediaQuery } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';
import type { CampaignTpe } from '../../api/schema.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { canRetry } from './selection.ts';
import { TerminalRow } from './terminal-row.tsx';
import classes from './terminals.module.css';

/** Pixels of a row, and of a card on a phone; the same as in the sheet. */
const ROW = 44;
const CARD = 112;
/** Rows that are drawn beyond what is seen. */
const OVERSCAN = 12;

interface TerminalRowsProps {
  rows: readonly CampaignTpe[];
  /** There are more than `rows`. */
  hasMore: boolean;
  /** How many there are; undefined where that is not known. */
  total: number | undefined;
  /** Undefined: none can be chosen. */
  selected: ReadonlySet<string> | undefined;
  onSelect: (tpeIds: readonly string[], on: boolean) => void;
  /** Told which rows are seen. */
  onSee: (first: number, last: number) => void;
}

/** Only what is seen is drawn. Rows that are not read yet have their place already, so that the whole list can be scrolled. */
export function TerminalRows({
  rows,
  hasMore,
  total,
  selected,
  onSelect,
  onSee,
}: TerminalRowsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const scroll = useRef<HTMLDivElement>(null);
  const cards = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const size = cards ? CARD : ROW;
  const count = hasMore ? Math.max(rows.length + 1, total ?? 0) : rows.length;
  const list = useVirtualizer({
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => size,
    overscan: OVERSCAN,
  });
  useEffect(() => list.measure(), [list, size]);
  const seen = list.getVirtualItems();
  const [first, last] = [seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0];
  useEffect(() => onSee(first, last));
  const columns = [
    t.columnTerminal,
    t.columnState,
    t.columnReason,
    t.columnModel,
    t.columnSite,
    t.columnWave,
  ];
  return (
    <>
      <div
        ref={scroll}
        className={classes.scroll}
        role="table"
        aria-label={t.terminalTable}
        aria-rowcount={hasMore && total === undefined ? -1 : count + 1}
        // It is scrolled by the keyboard, too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        data-selectable={selected !== undefined}
      >
        <div role="rowgroup" className={classes.head}>
          <div role="row" className={classes.row} aria-rowindex={1}>
            {selected && (
              <span role="columnheader">
                <span className="hidden-text">{t.columnSelect}</span>
              </span>
            )}
            {[...columns, t.columnVersion, t.columnUpdate].map((column) => (
              <span key={column} role="columnheader">
                {column}
              </span>
            ))}
            <span role="columnheader">
              <span className="hidden-text">{t.columnLinks}</span>
            </span>
          </div>
        </div>
        <div role="rowgroup" className={classes.body} style={{ height: list.getTotalSize() }}>
          {seen.map(({ index, start }) => {
            const row = rows[index];
            return row ? (
              <TerminalRow
                key={row.tpeId}
                row={row}
                index={index}
                start={start}
                selected={selected && (canRetry(row) ? selected.has(row.tpeId) : null)}
                onSelect={onSelect}
              />
            ) : (
              <div
                key={index}
                role="row"
                aria-rowindex={index + 2}
                className={classes.row}
                style={{ transform: `translateY(${start}px)` }}
              >
                <span role="cell" className={classes.unread}>
                  …
                </span>
              </div>
            );
          })}
        </div>
      </div>
      <p className={classes.note} role="status">
        {hasMore && total === undefined
          ? t.readSoFar({ n: format.number(rows.length) })
          : t.terminalsFound(hasMore ? count : rows.length)}
      </p>
    </>
  );
}
