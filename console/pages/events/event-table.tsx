import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode, type RefObject } from 'react';
import type { FoundEvent } from '../../api/schema.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import { EventRow } from './event-row.tsx';
import type { Filter } from './filters.ts';
import classes from './events.module.css';

interface EventTableProps {
  events: readonly FoundEvent[];
  campaigns: ReadonlyMap<string, string>;
  /** `seq` of the event whose details are open. */
  open: string;
  busy: boolean;
  onChange: (change: Partial<Filter>) => void;
  more: (() => void) | undefined;
}

export function EventTable({ events, campaigns, open, busy, onChange, more }: EventTableProps): ReactNode {
  const t = useStore(messages);
  const table = useRef<HTMLTableElement>(null);
  useKeys(table);
  return (
    <>
      <table ref={table} className={classes.table} aria-label={t.table} aria-busy={busy}>
        <thead>
          <tr>
            <th scope="col">{t.columnTime}</th>
            <th scope="col">{t.columnWhat}</th>
            <th scope="col">{t.columnWho}</th>
            <th scope="col">{t.columnWhy}</th>
            <th scope="col">{t.columnCampaign}</th>
            <th scope="col">{t.columnTerminal}</th>
            <th scope="col" className={classes.right}>
              {t.columnSeq}
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow
              key={event.eventId}
              event={event}
              campaignName={event.campaignId === null ? undefined : campaigns.get(event.campaignId)}
              open={open === String(event.seq)}
              onChange={onChange}
            />
          ))}
        </tbody>
      </table>
      <footer className={classes.footer}>
        <p role="status">{t.shown(events.length)}</p>
        {more && (
          <Button variant="default" size="xs" onClick={more}>
            {t.more}
          </Button>
        )}
      </footer>
    </>
  );
}

/** j and k go from event to event; Enter opens the one in focus. */
function useKeys(table: RefObject<HTMLTableElement | null>): void {
  const t = useStore(messages);
  const go = (by: 1 | -1): void => {
    const all = [
      ...(table.current?.querySelectorAll<HTMLElement>('[data-event] button[aria-expanded]') ?? []),
    ];
    const row = document.activeElement?.closest('[data-event]');
    const current = row ? all.findIndex((each) => row.contains(each)) : -1;
    const next = current >= 0 ? current + by : by > 0 ? 0 : all.length - 1;
    all[Math.min(Math.max(next, 0), all.length - 1)]?.focus();
  };
  useShortcuts([
    { keys: 'j', words: t.keyNext, run: () => go(1) },
    { keys: 'k', words: t.keyPrevious, run: () => go(-1) },
  ]);
}
