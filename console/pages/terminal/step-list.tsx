import { useStore } from '@nanostores/react';
import { memo, type ReactNode } from 'react';
import type { TimelineEvent } from '../../api/schema.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import type { Entry } from './history.ts';
import { stepOf } from './steps.ts';
import classes from './terminal.module.css';

interface StepListProps {
  label: string;
  events: readonly TimelineEvent[];
  campaigns: readonly Entry[];
  /** Also tells of which campaign each is. */
  named?: boolean;
}

/** Events in words, in the order given. */
export function StepList({ label, events, campaigns, named = false }: StepListProps): ReactNode {
  const before = new Map(campaigns.map(({ campaignId, fromVersion }) => [campaignId, fromVersion]));
  if (events.length === 0) return null;
  return (
    <ol className={classes.steps} aria-label={label}>
      {events.map((event) => (
        <StepItem
          key={event.seq}
          event={event}
          before={before.get(event.campaignId ?? '') ?? null}
          named={named}
        />
      ))}
    </ol>
  );
}

interface StepItemProps {
  event: TimelineEvent;
  before: string | null;
  named: boolean;
}

const StepItem = memo(function StepItem({ event, before, named }: StepItemProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { icon: Icon, tone, words } = stepOf(t, event, before);
  return (
    <li className={classes.step} data-tone={tone}>
      <span className={classes.mark}>
        <Icon size={13} strokeWidth={2.4} aria-hidden />
      </span>
      <div>
        <p>{words}</p>
        <p className={classes.soft}>
          <time dateTime={event.occurredAt} title={format.exact(event.occurredAt)}>
            {format.dateTime(event.occurredAt)}
          </time>{' '}
          · {t.by({ actor: event.actor })}
          {named && event.campaignName !== null && ` · ${event.campaignName}`}
        </p>
      </div>
    </li>
  );
});
