import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { FoundEvent } from '../../api/schema.ts';
import { ListFooter, ListTable } from '../../components/list-table.tsx';
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
  return (
    <>
      <ListTable
        label={t.table}
        busy={busy}
        keys={{ next: t.keyNext, previous: t.keyPrevious }}
        columns={[
          t.columnTime,
          t.columnWhat,
          t.columnWho,
          t.columnWhy,
          t.columnCampaign,
          t.columnTerminal,
          { head: t.columnSeq, className: classes.right },
        ]}
      >
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
      </ListTable>
      <ListFooter shown={t.shown(events.length)} more={more} moreWords={t.more} />
    </>
  );
}
