import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Stat, Stats } from '../../components/stat.tsx';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import type { Figures } from './rows.ts';
import classes from './campaigns.module.css';

interface CampaignFiguresProps {
  figures: Figures | undefined;
  /** Shows those that need somebody. */
  onAttention: () => void;
}

/** All live campaigns at a glance. */
export function CampaignFigures({ figures, onAttention }: CampaignFiguresProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const shown = (value: number | undefined): string => (value === undefined ? '–' : format.number(value));
  const share =
    figures && figures.total > 0 ? format.percent((figures.success / figures.total) * 100) : undefined;
  const failure = figures?.failurePercent;
  return (
    <Stats label={t.figures}>
      <Stat
        label={t.figureLive}
        value={shown(figures?.live)}
        detail={figures && t.figureTerminals(figures.total)}
      />
      <Stat
        label={t.figureAttention}
        value={
          figures && figures.attention > 0 ? (
            <button type="button" className={classes.figure} onClick={onAttention}>
              {shown(figures.attention)}
            </button>
          ) : (
            shown(figures?.attention)
          )
        }
        tone={figures && figures.attention > 0 ? 'timeout' : undefined}
      />
      <Stat label={t.figureToDo} value={shown(figures?.toDo)} />
      <Stat label={t.figureUnderWay} value={shown(figures?.underWay)} />
      <Stat label={t.figureDone} value={shown(figures?.success)} detail={share} />
      <Stat
        label={t.figureFailures}
        value={failure === undefined || failure === null ? '–' : format.percent(failure)}
      />
    </Stats>
  );
}
