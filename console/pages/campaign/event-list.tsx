import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Event } from '../../api/schema.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { EventsIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { shared } from '../../i18n/en.ts';
import { eventTypes } from '../../i18n/event-types/en.ts';
import { whatHappened } from '../../i18n/event-types/what-happened.ts';
import { useFormat } from '../../i18n/format.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { useEvents } from './use-events.ts';
import classes from './events.module.css';

interface EventListProps {
  campaignId: string;
  /** Another number when something has happened. */
  revision: number;
}

/** What has happened, newest first: who, when, why. */
export default function EventList({ campaignId, revision }: EventListProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const { events, loading, error, retry, more, showNew } = useEvents(campaignId, revision);
  return (
    <>
      {error !== null && <ProblemNotice error={error} onRetry={retry} />}
      {loading && error === null && <p className={classes.note}>{common.loading}…</p>}
      {showNew && (
        <Button size="xs" className={classes.button} onClick={showNew}>
          {t.showNew}
        </Button>
      )}
      {!loading && events.length === 0 && error === null && (
        <EmptyState icon={EventsIcon} title={t.noEvents} />
      )}
      {events.length > 0 && (
        <ol className={classes.events} aria-label={t.tab_events}>
          {events.map((event) => (
            <EventRow key={event.seq} event={event} />
          ))}
        </ol>
      )}
      {more && (
        <Button variant="default" size="xs" className={classes.button} onClick={more}>
          {t.older}
        </Button>
      )}
    </>
  );
}

function EventRow({ event }: { event: Event }): ReactNode {
  const t = useStore(messages);
  const types = useStore(eventTypes);
  const format = useFormat();
  const { type, occurredAt, actor, reason, tpeId, data, correlationId } = event;
  return (
    <li className={classes.event} data-kind={type.split('.')[0]}>
      <p className={classes.when}>
        <time dateTime={occurredAt} title={format.exact(occurredAt)}>
          {format.dateTime(occurredAt)}
        </time>
        <TimeAgo instant={occurredAt} />
      </p>
      <div className={classes.what}>
        <p>
          <b className={classes.type}>{whatHappened(types, type)}</b>{' '}
          <span className={classes.actor}>{t.eventBy({ by: actor })}</span>
        </p>
        {reason !== null && <p className={classes.reason}>{reason}</p>}
        {tpeId !== null && (
          <p className={classes.detail}>
            {t.eventTerminal}{' '}
            {hasPage('terminal') ? (
              <Link href={pathOf('terminal', { tpeId })}>{tpeId}</Link>
            ) : (
              <code>{tpeId}</code>
            )}
          </p>
        )}
        <details className={classes.detail}>
          <summary>{t.eventData}</summary>
          <p>
            <code>{type}</code>
          </p>
          <pre>{JSON.stringify(data, undefined, 2)}</pre>
          {correlationId !== null && (
            <p>
              {t.factCorrelation}: <code>{correlationId}</code>
            </p>
          )}
        </details>
      </div>
    </li>
  );
}
