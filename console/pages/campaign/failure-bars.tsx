import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { CampaignStatistics, OutcomeRanking } from '../../api/schema.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import type { TerminalFilter } from './filters.ts';
import classes from './charts.module.css';

interface FailureBarsProps {
  outcomes: CampaignStatistics['outcomes'];
  onFilter: (filter: Partial<TerminalFilter>) => void;
}

interface Bar {
  /** Null: the events name none. */
  value: string | null;
  failures: number;
  detail: string;
}

/** What has failed, by reason, model and site; each leads to its terminals. */
export function FailureBars({ outcomes, onFilter }: FailureBarsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  if (outcomes.total.failures === 0) return null;
  const rated = ({ items }: OutcomeRanking): Bar[] =>
    items
      .filter(({ failures }) => failures > 0)
      .map(({ value, failures, ended }) => ({
        value,
        failures,
        detail: t.ofEnded({
          rate: format.percent(Math.ceil((failures / ended) * 1000) / 10),
          ended: format.number(ended),
        }),
      }));
  const reasons = outcomes.byReason.items.map(({ reason, failures, percent }) => ({
    value: reason,
    failures,
    detail: format.percent(percent ?? 0),
  }));
  return (
    <div className={classes.charts}>
      <Bars
        title={t.failuresByReason}
        bars={reasons}
        others={outcomes.byReason.others.failures}
        onChoose={(reason) => onFilter({ reason })}
      />
      <Bars
        title={t.failuresByModel}
        bars={rated(outcomes.byModel)}
        others={outcomes.byModel.others.failures}
        onChoose={(model) => onFilter({ model })}
      />
      <Bars
        title={t.failuresBySite}
        bars={rated(outcomes.bySite)}
        others={outcomes.bySite.others.failures}
        onChoose={(site) => onFilter({ site })}
      />
    </div>
  );
}

interface BarsProps {
  title: string;
  bars: readonly Bar[];
  /** Failures that are in none of the bars. */
  others: number;
  onChoose: (value: string) => void;
}

function Bars({ title, bars, others, onChoose }: BarsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const most = Math.max(...bars.map(({ failures }) => failures), 1);
  return (
    <section className={classes.chart}>
      <h2>{title}</h2>
      <ul className={classes.bars}>
        {bars.map(({ value, failures, detail }) => {
          const words = (
            <>
              <span className={classes.barName}>{value ?? t.noValue}</span>
              <b>{format.number(failures)}</b>
              <span className={classes.barDetail}>{detail}</span>
              <span className={classes.barTrack} aria-hidden>
                <span style={{ width: `${(failures / most) * 100}%` }} />
              </span>
            </>
          );
          return (
            <li key={value}>
              {value === null ? (
                <div className={classes.barRow}>{words}</div>
              ) : (
                <button type="button" className={classes.barRow} onClick={() => onChoose(value)}>
                  {words}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {others > 0 && <p className={classes.age}>{t.others(others)}</p>}
    </section>
  );
}
