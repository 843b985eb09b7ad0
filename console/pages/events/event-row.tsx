import { useStore } from '@nanostores/react';
import { memo, Suspense, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { FoundEvent } from '../../api/schema.ts';
import { OpenIcon } from '../../components/icons.ts';
import { CardLabel, ListRow } from '../../components/list-table.tsx';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { aboutIt, whatHappened } from './event-words.ts';
import type { Filter } from './filters.ts';
import { useInstant } from './instant.ts';
import classes from './events.module.css';

const { Part: EventDetails } = lazyPart(() => import('./event-details.tsx'));

interface EventRowProps {
  event: FoundEvent;
  campaignName: string | undefined;
  open: boolean;
  onChange: (change: Partial<Filter>) => void;
}

/** An event never changes, but for its place in the chain: what is drawn stays. */
export const EventRow = memo(function EventRow({
  event,
  campaignName,
  open,
  onChange,
}: EventRowProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const instant = useInstant();
  const about = aboutIt(t, format, event);
  const seq = String(event.seq);
  return (
    <>
      <ListRow className={classes.row} data-event={seq} data-open={open}>
        <td className={classes.time}>
          <time dateTime={event.occurredAt} title={format.exact(event.occurredAt)}>
            {instant(event.occurredAt)}
          </time>
        </td>
        <td className={classes.what}>
          <button
            type="button"
            className={classes.open}
            aria-expanded={open}
            title={t.showDetails({ seq })}
            onClick={() => onChange({ open: open ? '' : seq })}
          >
            <OpenIcon size={14} aria-hidden />
            {whatHappened(t, event.type)}
          </button>
          <span className={classes.about}>
            <code>{event.type}</code>
            {about !== '' && ` · ${about}`}
          </span>
        </td>
        <td className={classes.who}>
          <CardLabel>{t.columnWho}</CardLabel>
          {event.actor}
        </td>
        <td className={classes.why}>{event.reason ?? <None />}</td>
        <td className={classes.campaign}>
          {event.campaignId === null ? (
            <None />
          ) : (
            <CampaignLink campaignId={event.campaignId} name={campaignName} />
          )}
        </td>
        <td className={classes.terminal}>
          {event.tpeId === null ? <None /> : <TerminalLink tpeId={event.tpeId} />}
        </td>
        <td className={classes.seq}>
          {format.number(event.seq)}
          <span>
            {event.position === null
              ? t.notSealed
              : t.atPosition({ position: format.number(event.position) })}
          </span>
        </td>
      </ListRow>
      {open && (
        <tr className={classes.detailsRow}>
          <td colSpan={7}>
            <Suspense fallback={null}>
              <EventDetails event={event} campaignName={campaignName} onChange={onChange} />
            </Suspense>
          </td>
        </tr>
      )}
    </>
  );
});

const None = (): ReactNode => <span className={classes.none}>–</span>;

/** Characters of an id by which people tell it from others. */
const SHORT = 8;

export function CampaignLink({
  campaignId,
  name,
}: {
  campaignId: string;
  name: string | undefined;
}): ReactNode {
  const text = name ?? <code>{campaignId.slice(0, SHORT)}</code>;
  if (!hasPage('campaign')) return <span title={campaignId}>{text}</span>;
  return (
    <Link href={pathOf('campaign', { campaignId })} title={campaignId}>
      {text}
    </Link>
  );
}

export function TerminalLink({ tpeId }: { tpeId: string }): ReactNode {
  const text = <code>{tpeId.slice(0, SHORT)}</code>;
  if (!hasPage('terminal')) return <span title={tpeId}>{text}</span>;
  return (
    <Link href={pathOf('terminal', { tpeId })} title={tpeId}>
      {text}
    </Link>
  );
}
