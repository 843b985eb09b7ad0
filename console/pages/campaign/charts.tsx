import { useStore } from '@nanostores/react';
import { Suspense, type ReactNode } from 'react';
import type { CampaignStatistics } from '../../api/schema.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { messages } from './en.ts';
import { FailureBars } from './failure-bars.tsx';
import type { TerminalFilter } from './filters.ts';
import { HeatMapChart } from './heat-map-chart.tsx';
import { useStatistics } from './use-statistics.ts';
import classes from './charts.module.css';

const { Part: ProgressChart } = lazyPart(() => import('./progress-chart.tsx'));

interface ChartsProps {
  campaignId: string;
  /** Shows the failures with this reason, model or site. */
  onFilter: (filter: Partial<TerminalFilter>) => void;
}

/** What the statistics of a campaign tell: when, how long, what has failed. */
export default function Charts({ campaignId, onFilter }: ChartsProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const { data, error, refetch } = useStatistics(campaignId);
  if (!data) {
    if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />;
    return <p className={classes.empty}>{common.loading}…</p>;
  }
  return (
    <>
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      <div className={classes.charts}>
        <section className={classes.chart}>
          <h2>{t.progressTitle}</h2>
          {data.progress.steps.length === 0 ? (
            <p className={classes.empty}>{t.nothingFinal}</p>
          ) : (
            <Suspense fallback={<div className={classes.plot} />}>
              <ProgressChart statistics={data} />
            </Suspense>
          )}
        </section>
        <section className={classes.chart}>
          <h2>{t.durationTitle}</h2>
          <Durations statistics={data} />
          {data.heatMap.most === 0 ? (
            <p className={classes.empty}>{t.nothingFinal}</p>
          ) : (
            <HeatMapChart heatMap={data.heatMap} />
          )}
        </section>
      </div>
      <FailureBars outcomes={data.outcomes} onFilter={onFilter} />
      <Age asOf={data.asOf} />
    </>
  );
}

/** How long an update takes, in a sentence. */
function Durations({ statistics: { durations } }: { statistics: CampaignStatistics }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const successes = durations.byStatus.find(({ value }) => value === 'SUCCESS');
  if (!successes || successes.p50Seconds === null || successes.p90Seconds === null) return null;
  return (
    <p className={classes.sentence}>
      {t.durations({
        half: format.duration(successes.p50Seconds),
        most: format.duration(successes.p90Seconds),
      })}
    </p>
  );
}

/** The statistics are counted a moment after what they tell. */
function Age({ asOf }: { asOf: CampaignStatistics['asOf'] }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  if (asOf.at === null) return null;
  return (
    <p className={classes.age}>
      {t.asOf({ when: format.dateTime(asOf.at) })} {asOf.lagEvents > 0 && t.behind(asOf.lagEvents)}
    </p>
  );
}
