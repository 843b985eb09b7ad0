import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import type { CampaignCreated, TpeDetail } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { SuccessIcon } from '../../components/icons.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Badge } from '../../components/status-badge.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { Actions } from './actions.tsx';
import { CurrentUpdate } from './current-update.tsx';
import { messages } from './en.ts';
import { Facts } from './facts.tsx';
import { History } from './history-table.tsx';
import { Timeline } from './timeline.tsx';
import { refreshTerminal, useTerminal, useTimeline } from './use-terminal.ts';
import classes from './terminal.module.css';

export default function TerminalPage(): ReactNode {
  const { tpeId } = useParams<{ tpeId: string }>();
  // Another terminal is another page: nothing of this one is to be seen on it.
  return <LoadedTerminal key={tpeId} tpeId={tpeId} />;
}

function LoadedTerminal({ tpeId }: { tpeId: string }): ReactNode {
  const t = useStore(messages);
  const { terminal, error, retry } = useTerminal(tpeId);
  if (terminal) {
    return (
      <>
        {error !== null && <ProblemNotice error={error} onRetry={retry} />}
        <TerminalView terminal={terminal} />
      </>
    );
  }
  return (
    <>
      <PageHeader title={t.untitled} />
      {error === null ? <PageSkeleton /> : <ProblemNotice error={error} onRetry={retry} />}
    </>
  );
}

/** What was done on this page, to be told beside what came of it. */
type Done =
  { what: 'looked' } | { what: 'failed'; error: unknown } | { what: 'created'; campaign: CampaignCreated };

function TerminalView({ terminal }: { terminal: TpeDetail }): ReactNode {
  const t = useStore(messages);
  const timeline = useTimeline(terminal);
  const [done, setDone] = useState<Done>();
  const tell = (news: Done): void => {
    setDone(news);
    refreshTerminal(terminal.tpeId);
  };
  return (
    <>
      <PageHeader
        title={t.title({ name: terminal.idTms })}
        actions={
          <Actions
            terminal={terminal}
            onLooked={() => tell({ what: 'looked' })}
            onFailed={(error) => tell({ what: 'failed', error })}
            onCreated={(campaign) => tell({ what: 'created', campaign })}
          />
        }
      >
        <code className={classes.id}>{terminal.tpeId}</code>
        <CopyButton text={terminal.tpeId} what={t.id} />
        {!terminal.active && <Badge tone="skipped">{t.inactive}</Badge>}
      </PageHeader>
      {done && <Told done={done} />}
      <Facts terminal={terminal} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <CurrentUpdate terminal={terminal} events={timeline.events} />
          <History terminal={terminal} />
        </div>
        <Timeline terminal={terminal} timeline={timeline} />
      </div>
    </>
  );
}

function Told({ done }: { done: Done }): ReactNode {
  const t = useStore(messages);
  if (done.what === 'failed') {
    return (
      <div className={classes.problem}>
        <ProblemNotice error={done.error} />
      </div>
    );
  }
  return (
    <p className={classes.told} role="status">
      <SuccessIcon size={16} aria-hidden />
      <span>
        {done.what === 'looked' ? t.looked : t.created({ name: done.campaign.name })}{' '}
        {done.what === 'created' && hasPage('campaign') && (
          <Link href={pathOf('campaign', { campaignId: done.campaign.campaignId })}>{t.openIt}</Link>
        )}
      </span>
    </p>
  );
}
