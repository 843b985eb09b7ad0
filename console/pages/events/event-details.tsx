import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { FoundEvent } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { SearchIcon } from '../../components/icons.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { CampaignLink, TerminalLink } from './event-row.tsx';
import { NO_FILTER, type Filter, type TextField } from './filters.ts';
import { useAuditHead } from './use-events.ts';
import classes from './event-details.module.css';

interface EventDetailsProps {
  event: FoundEvent;
  campaignName: string | undefined;
  onChange: (change: Partial<Filter>) => void;
}

/** All that is known of an event; each part can be copied, and the search be narrowed to it. */
export default function EventDetails({ event, campaignName, onChange }: EventDetailsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const only = (field: TextField, value: string): (() => void) => {
    return () => onChange({ ...NO_FILTER, [field]: value });
  };
  const { campaignId, tpeId, correlationId, traceparent, reason } = event;
  const json = JSON.stringify(event.data, null, 2);
  return (
    <section className={classes.details} aria-label={t.details({ seq: String(event.seq) })}>
      <dl className={classes.facts}>
        <Fact label={t.number}>{format.number(event.seq)}</Fact>
        <Fact label={t.occurredAt}>{format.exact(event.occurredAt)}</Fact>
        <Fact label={t.type} copy={event.type} only={only('type', event.type)}>
          <code>{event.type}</code>
        </Fact>
        <Fact label={t.actor} copy={event.actor} only={only('actor', event.actor)}>
          {event.actor}
        </Fact>
        {reason !== null && <Fact label={t.columnWhy}>{reason}</Fact>}
        {campaignId !== null && (
          <Fact label={t.campaignId} copy={campaignId} only={only('campaignId', campaignId)}>
            {campaignName !== undefined && <CampaignLink campaignId={campaignId} name={campaignName} />}{' '}
            <code>{campaignId}</code>
          </Fact>
        )}
        {tpeId !== null && (
          <Fact label={t.tpeId} copy={tpeId} only={only('tpeId', tpeId)}>
            <TerminalLink tpeId={tpeId} /> <code>{tpeId}</code>
          </Fact>
        )}
        {correlationId !== null && (
          <Fact label={t.correlationId} copy={correlationId} only={only('correlationId', correlationId)}>
            <code>{correlationId}</code>
          </Fact>
        )}
        {traceparent !== null && (
          <Fact label={t.traceparent} copy={traceparent}>
            <code>{traceparent}</code>
          </Fact>
        )}
        <Fact label={t.eventId} copy={event.eventId}>
          <code>{event.eventId}</code>
        </Fact>
        <Place event={event} />
      </dl>
      <div className={classes.data}>
        <h3>
          {t.data} <CopyButton text={json} what={t.data} />
          <span className={classes.whole}>
            {t.asJson} <CopyButton text={JSON.stringify(event, null, 2)} what={t.asJson} />
          </span>
        </h3>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no mouse must be able to scroll it */}
        <pre tabIndex={0}>{json}</pre>
      </div>
    </section>
  );
}

function Place({ event: { position, hash } }: { event: FoundEvent }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { data: head } = useAuditHead();
  if (position === null || hash === null) return <Fact label={t.place}>{t.sealedSoon}</Fact>;
  // What was sealed since the head was read lies behind it.
  const last = Math.max(position, head?.position ?? position);
  return (
    <>
      <Fact label={t.place} copy={String(position)}>
        {t.placeOf({ position: format.number(position), last: format.number(last) })}
      </Fact>
      <Fact label={t.hash} copy={hash}>
        <code>{hash}</code>
      </Fact>
    </>
  );
}

interface FactProps {
  label: string;
  children: ReactNode;
  copy?: string;
  /** Narrows the search to it. */
  only?: () => void;
}

function Fact({ label, children, copy, only }: FactProps): ReactNode {
  const t = useStore(messages);
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <span>{children}</span>
        {copy !== undefined && <CopyButton text={copy} what={label} />}
        {only && (
          <button
            type="button"
            className={classes.only}
            title={t.filterBy({ what: label })}
            aria-label={t.filterBy({ what: label })}
            onClick={only}
          >
            <SearchIcon size={13} aria-hidden />
          </button>
        )}
      </dd>
    </div>
  );
}
