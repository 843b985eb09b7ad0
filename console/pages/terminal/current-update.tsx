import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { TimelineEvent, TpeDetail } from '../../api/schema.ts';
import { WaitIcon } from '../../components/icons.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { currentOf, isOpen, isRetriedLater, type Entry } from './history.ts';
import { StepList } from './step-list.tsx';
import classes from './terminal.module.css';

interface CurrentUpdateProps {
  terminal: TpeDetail;
  /** Newest first. */
  events: readonly TimelineEvent[] | undefined;
}

/** The update that runs, or the last one: its steps, the first one first, and what it waits for. */
export function CurrentUpdate({ terminal, events }: CurrentUpdateProps): ReactNode {
  const t = useStore(messages);
  const current = currentOf(terminal.campaigns);
  if (!current) {
    return (
      <section className={classes.card}>
        <p className={classes.soft}>{t.noCampaign}</p>
      </section>
    );
  }
  const steps = (events ?? []).filter(({ campaignId }) => campaignId === current.campaignId).toReversed();
  const now = waitsFor(t, terminal.tms, current);
  return (
    <section className={classes.card} aria-labelledby="current-update">
      <header className={classes.cardHead}>
        <h2 id="current-update">{t.update({ version: current.targetVersion })}</h2>
        <CampaignName entry={current} />
        {current.attempt > 1 && (
          <span className={classes.soft}>{t.attempt({ n: String(current.attempt) })}</span>
        )}
      </header>
      <StepList label={t.steps} events={steps} campaigns={terminal.campaigns} />
      {now !== undefined && (
        <p className={classes.now}>
          <WaitIcon size={14} aria-hidden /> {now}
        </p>
      )}
      {isOpen(current) && <p className={classes.soft}>{t.looksHint}</p>}
    </section>
  );
}

export function CampaignName({ entry: { campaignId, name } }: { entry: Entry }): ReactNode {
  if (!hasPage('campaign')) return <span className={classes.campaign}>{name}</span>;
  return (
    <Link href={pathOf('campaign', { campaignId })} className={classes.campaign}>
      {name}
    </Link>
  );
}

/** What happens next, where something does. */
function waitsFor(t: ReturnType<typeof messages.get>, tms: string, entry: Entry): string | undefined {
  const { status, attempt, compensation, targetVersion: version, fromVersion } = entry;
  if (compensation === 'PENDING') return t.nowRollBackPending;
  if (compensation === 'REQUESTED') return t.nowRollingBack({ version: fromVersion ?? t.anotherVersion });
  if (status === 'PENDING') return attempt > 1 ? t.nowNextAttempt : t.nowPending;
  if (status === 'REQUESTED') return t.nowRequested({ tms, version });
  if (status === 'INSTALLING') return t.nowInstalling({ tms, version });
  return isRetriedLater(entry) ? t.nowRetryLater : undefined;
}
