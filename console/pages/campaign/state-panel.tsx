import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { Campaign } from '../../api/schema.ts';
import { WaitIcon } from '../../components/icons.ts';
import { Legend } from '../../components/legend.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { campaignStateOf, TPE_ORDER, underWay } from '../../components/status.ts';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { failuresIn } from './actions.ts';
import { messages } from './en.ts';
import { stateLines } from './state-line.ts';
import classes from './campaign.module.css';

interface StatePanelProps {
  campaign: Campaign;
  /** What was asked for and is not seen yet. */
  waiting: string | undefined;
  /** Shows the terminals that have failed. */
  onFailures: () => void;
}

/** How far the campaign is, at a glance. */
export function StatePanel({ campaign, waiting, onFailures }: StatePanelProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const { counts, total } = campaign;
  return (
    <section className={classes.panel} aria-label={t.state}>
      <div className={classes.state} role="status">
        <StatusBadge status={{ campaign: campaignStateOf(campaign) }} />
        {stateLines({ t, format }, common, campaign).map((line) => (
          <p key={line}>{line}</p>
        ))}
        {waiting !== undefined && (
          <p className={classes.waiting}>
            <WaitIcon size={14} aria-hidden /> {waiting}
          </p>
        )}
      </div>
      <ProgressBar counts={counts} total={total} size="large" />
      <Legend statuses={TPE_ORDER.filter((status) => (counts[status] ?? 0) > 0)} />
      <Figures campaign={campaign} onFailures={onFailures} />
    </section>
  );
}

function Figures({ campaign, onFailures }: Pick<StatePanelProps, 'campaign' | 'onFailures'>): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { counts, total, final, percentFinal, failurePercent } = campaign;
  const failed = failuresIn(counts);
  const left = (counts.SKIPPED ?? 0) + (counts.CANCELLED ?? 0);
  const share = (part: number): string => format.percent((part / Math.max(total, 1)) * 100);
  return (
    <Stats label={t.figures}>
      <Stat
        label={t.figureFinal}
        value={format.percent(percentFinal)}
        detail={t.ofTerminals({ done: format.number(final), total: format.number(total) })}
      />
      <Stat label={t.figureToDo} value={format.number(counts.PENDING ?? 0)} />
      <Stat label={t.figureUnderWay} value={format.number(underWay(counts))} />
      <Stat
        label={t.figureDone}
        value={format.number(counts.SUCCESS ?? 0)}
        detail={share(counts.SUCCESS ?? 0)}
      />
      <Stat
        label={t.figureFailed}
        value={
          failed === 0 ? (
            '0'
          ) : (
            <button type="button" className={classes.figure} onClick={onFailures}>
              {format.number(failed)}
            </button>
          )
        }
        detail={failurePercent === null ? undefined : t.failureRate({ rate: format.percent(failurePercent) })}
        tone={failed > 0 ? 'failed' : undefined}
      />
      <Stat label={t.figureLeft} value={format.number(left)} detail={left > 0 ? share(left) : undefined} />
    </Stats>
  );
}
