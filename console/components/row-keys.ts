import { useRef, type RefObject } from 'react';
import { useShortcuts } from '../shell/shortcuts.ts';

/** What the keys do, in words. */
export interface RowKeyWords {
  next: string;
  previous: string;
}

/** j and k go from row to row of a list: to the link or button that opens it. */
export function useRowKeys({ next, previous }: RowKeyWords): RefObject<HTMLTableElement | null> {
  const table = useRef<HTMLTableElement>(null);
  const go = (by: 1 | -1): void => {
    const rows = [...(table.current?.querySelectorAll('[data-row]') ?? [])];
    const current = rowInFocus();
    const at = current ? rows.indexOf(current) + by : by > 0 ? 0 : rows.length - 1;
    rows[Math.min(Math.max(at, 0), rows.length - 1)]?.querySelector<HTMLElement>('a, button')?.focus();
  };
  useShortcuts([
    { keys: 'j', words: next, run: () => go(1) },
    { keys: 'k', words: previous, run: () => go(-1) },
  ]);
  return table;
}

/** The row that the focus is in, for keys that act on it. */
export function rowInFocus(): HTMLElement | undefined {
  return document.activeElement?.closest<HTMLElement>('[data-row]') ?? undefined;
}
