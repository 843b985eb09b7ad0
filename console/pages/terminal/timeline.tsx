import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { TpeDetail } from '../../api/schema.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { messages } from './en.ts';
import { StepList } from './step-list.tsx';
import type { Timeline as TimelineOf } from './use-terminal.ts';
import classes from './terminal.module.css';

/** All events of the terminal over all campaigns, newest first. */
export function Timeline({ terminal, timeline }: { terminal: TpeDetail; timeline: TimelineOf }): ReactNode {
  const t = useStore(messages);
  const { events, error, retry, more } = timeline;
  return (
    <section className={classes.card} aria-labelledby="timeline">
      <header className={classes.cardHead}>
        <h2 id="timeline">{t.timeline}</h2>
      </header>
      {error !== null && <ProblemNotice error={error} onRetry={retry} />}
      {events && <StepList label={t.timeline} events={events} campaigns={terminal.campaigns} named />}
      {events?.length === 0 && <p className={classes.soft}>{t.noEvents}</p>}
      {more && (
        <div>
          <Button variant="default" size="xs" onClick={more}>
            {t.older}
          </Button>
        </div>
      )}
    </section>
  );
}
