import { useStore } from '@nanostores/react';
import { Suspense, useState, type ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import type { Campaign } from '../../api/schema.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { loadWords } from '../../i18n/i18n.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { useSearchParams } from '../../lib/search-params.ts';
import { pathOf } from '../../pages.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { ActionBar } from './action-bar.tsx';
import { ActionDialog, type Order } from './action-dialog.tsx';
import { markOf } from './actions.ts';
import { Facts } from './facts.tsx';
import { messages } from './en.ts';
import { ALL_FAILURES, FILTERS, TABS, type TerminalFilter } from './filters.ts';
import type { Heard } from './newest.ts';
import { StatePanel } from './state-panel.tsx';
import { useCampaign, useLive } from './use-campaign.ts';
import { useWaitingFor } from './use-waiting-for.ts';
import { WaveTable } from './wave-table.tsx';
import classes from './campaign.module.css';

const { Part: Charts } = lazyPart(() => import('./charts.tsx'));
const { Part: TerminalList } = lazyPart(() => import('./terminal-list.tsx'));
const { Part: EventList } = lazyPart(async () => {
  const [part] = await Promise.all([import('./event-list.tsx'), loadWords('event-types')]);
  return part;
});

export default function CampaignPage(): ReactNode {
  const { campaignId = '' } = useParams();
  return <Asked key={campaignId} campaignId={campaignId} />;
}

/** Nothing is listened to before it is known that there is such a campaign. */
function Asked({ campaignId }: { campaignId: string }): ReactNode {
  const t = useStore(messages);
  const { data, error, refetch } = useCampaign(campaignId);
  const notice = error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />;
  if (data) {
    return (
      <LiveCampaign campaignId={campaignId} asked={data}>
        {notice}
      </LiveCampaign>
    );
  }
  return (
    <>
      <PageHeader title={t.title} />
      {notice || <PageSkeleton />}
    </>
  );
}

interface LiveCampaignProps {
  campaignId: string;
  asked: Heard<Campaign>;
  /** What went wrong when it was asked for again. */
  children: ReactNode;
}

function LiveCampaign({ campaignId, asked, children }: LiveCampaignProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const { campaign, revision, refresh } = useLive(campaignId, asked);
  const [{ tab, ...filter }, change] = useSearchParams(FILTERS);
  const [order, setOrder] = useState<Order>();
  const [waiting, waitFor] = useWaitingFor(markOf(campaign));
  const show = (terminals: TerminalFilter): void => change({ tab: 'terminals', ...terminals });
  return (
    <>
      <PageHeader
        title={campaign.name}
        actions={<ActionBar campaign={campaign} onAction={(action) => setOrder({ action })} />}
      >
        <Origin campaign={campaign} />
      </PageHeader>
      {children}
      <StatePanel campaign={campaign} waiting={waiting} onFailures={() => show(ALL_FAILURES)} />
      <Tabs
        label={t.parts}
        tabs={TABS.map((name) => ({
          name,
          words: t[`tab_${name}`],
          count: name === 'terminals' ? format.number(campaign.total) : undefined,
        }))}
        chosen={tab}
        onChoose={(name) => change({ tab: name })}
      >
        {tab === 'overview' && (
          <div className={classes.overview}>
            <WaveTable campaign={campaign} onWave={(wave) => show({ ...filter, wave })} />
            <Facts campaign={campaign} />
          </div>
        )}
        <Suspense fallback={<p className={classes.loading}>{common.loading}…</p>}>
          {tab === 'overview' && (
            <Charts campaignId={campaignId} onFilter={(some) => show({ ...ALL_FAILURES, ...some })} />
          )}
          {tab === 'terminals' && (
            <TerminalList
              campaign={campaign}
              filter={filter}
              revision={revision}
              onFilter={change}
              onRetry={(tpeIds) => setOrder({ action: 'retry', tpeIds })}
            />
          )}
          {tab === 'events' && <EventList campaignId={campaignId} revision={revision} />}
        </Suspense>
      </Tabs>
      {order && (
        <ActionDialog
          order={order}
          campaign={campaign}
          onDone={(words) => {
            if (words !== undefined) waitFor(words);
            refresh();
          }}
          onClose={() => setOrder(undefined)}
        />
      )}
    </>
  );
}

/** What it brings, who has started it and when. */
function Origin({ campaign }: { campaign: Campaign }): ReactNode {
  const t = useStore(messages);
  const { targetVersion, createdBy, createdAt, retryOf, links } = campaign;
  return (
    <span className={classes.origin}>
      <span className={classes.version}>→ {targetVersion}</span>
      <span>
        {t.startedBy({ by: createdBy })}, <TimeAgo instant={createdAt} />
      </span>
      {retryOf !== null && <Link href={pathOf('campaign', { campaignId: retryOf })}>{t.retryOf}</Link>}
      <a href={links.temporal} target="_blank" rel="noreferrer">
        {t.inTemporal}
      </a>
    </span>
  );
}
