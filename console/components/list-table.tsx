import { Button } from '@mantine/core';
import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'wouter';
import { useRowKeys, type RowKeyWords } from './row-keys.ts';
import classes from './list-table.module.css';

interface Column {
  head: ReactNode;
  className?: string | undefined;
}

interface ListTableProps {
  label: string;
  columns: readonly (string | Column)[];
  /** What j and k do. */
  keys: RowKeyWords;
  /** Other rows are on their way. */
  busy?: boolean;
  /** One `tbody` or several, of `ListRow`s. */
  children: ReactNode;
}

/** The table of a list. On a phone it has no head, and each row is a card. */
export function ListTable({ label, columns, keys, busy = false, children }: ListTableProps): ReactNode {
  const table = useRowKeys(keys);
  const heads = columns.map((column) => (typeof column === 'string' ? { head: column } : column));
  return (
    <table ref={table} className={classes.table} aria-label={label} aria-busy={busy}>
      <thead>
        <tr>
          {heads.map(({ head, className }, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- a column stays where it is
            <th key={index} scope="col" className={className}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      {children}
    </table>
  );
}

/** A row: on a phone a grid, whose areas the page's class names. */
export function ListRow({ className = '', ...rest }: ComponentProps<'tr'>): ReactNode {
  return <tr {...rest} data-row className={`${classes.row} ${className}`} />;
}

interface RowNameProps {
  /** The page of what the row is about, where there is one. */
  href: string | undefined;
  children: string;
}

/** What a row is about; leads there. */
export function RowName({ href, children }: RowNameProps): ReactNode {
  if (href === undefined) return <strong className={classes.name}>{children}</strong>;
  return (
    <Link href={href} className={classes.name}>
      {children}
    </Link>
  );
}

/** The name of a column, in a cell: seen on a card, which has no head. */
export function CardLabel({ children }: { children: string }): ReactNode {
  return <span className={classes.label}>{children} </span>;
}

interface ListFooterProps {
  /** How many there are, in words. */
  shown: string;
  /** Reads the next ones. */
  more: (() => void) | undefined;
  moreWords: string;
  loading?: boolean;
  children?: ReactNode;
}

/** Below a list: how much of it is shown, and what reads more. */
export function ListFooter({ shown, more, moreWords, loading, children }: ListFooterProps): ReactNode {
  return (
    <footer className={classes.footer}>
      {children}
      <p role="status">{shown}</p>
      {more && (
        <Button variant="default" size="xs" onClick={more} loading={loading}>
          {moreWords}
        </Button>
      )}
    </footer>
  );
}
