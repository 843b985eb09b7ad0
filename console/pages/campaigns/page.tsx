import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import { useMemo, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { CampaignSummary } from '../../api/schema.ts';
import { ConfirmAction } from '../../components/confirm-action.tsx';
import { EmptyState, NothingFound } from '../../components/empty-state.tsx';
import { CampaignsIcon, NewIcon } from '../../components/icons.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useSearchParams } from '../../lib/search-params.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { CampaignFigures } from './campaign-figures.tsx';
import { CampaignTable } from './campaign-table.tsx';
import { consequencesOf, give, type Command } from './commands.ts';
import { messages } from './en.ts';
import { FILTERS, type Filter } from './filters.ts';
import { Toolbar } from './toolbar.tsx';
import { useCampaigns } from './use-campaigns.ts';

/** A request per letter would be too many. */
const TYPING_MS = 250;

export interface Order {
  command: Command;
  campaign: CampaignSummary;
}

export default function CampaignsPage(): ReactNode {
  const t = useStore(messages);
  const [filter, change] = useSearchParams(FILTERS);
  const [q] = useDebouncedValue(filter.q, TYPING_MS);
  const settled = useMemo<Filter>(() => ({ show: filter.show, q }), [filter.show, q]);
  const { rows, figures, loading, error, retry, more } = useCampaigns(settled);
  const [order, setOrder] = useState<Order>();
  const shown = rows.live.length + rows.ended.length;
  const filtered = filter.show !== 'all' || filter.q !== '';
  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          hasPage('new-campaign') && (
            <Button component={Link} href={pathOf('new-campaign')} leftSection={<NewIcon size={16} />}>
              {t.newCampaign}
            </Button>
          )
        }
      />
      <CampaignFigures figures={figures} onAttention={() => change({ show: 'attention' })} />
      <Toolbar filter={filter} figures={figures} onChange={change} />
      {error !== null && <ProblemNotice error={error} onRetry={retry} />}
      {loading && error === null && <PageSkeleton />}
      {shown > 0 && <CampaignTable rows={rows} onCommand={setOrder} more={more} />}
      {shown === 0 && !loading && error === null && (
        <Nothing filtered={filtered} onClear={() => change({ show: 'all', q: '' })} />
      )}
      {order && <ConfirmOrder order={order} onClose={() => setOrder(undefined)} />}
    </>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }): ReactNode {
  const t = useStore(messages);
  if (!filtered) {
    return (
      <EmptyState icon={CampaignsIcon} title={t.emptyTitle}>
        {t.emptyText}
      </EmptyState>
    );
  }
  return <NothingFound title={t.nothingFound} clear={t.clear} onClear={onClear} />;
}

function ConfirmOrder({
  order: { command, campaign },
  onClose,
}: {
  order: Order;
  onClose: () => void;
}): ReactNode {
  const t = useStore(messages);
  return (
    <ConfirmAction
      title={t[`${command}Title`]({ name: campaign.name })}
      consequences={consequencesOf(t, command, campaign)}
      confirmLabel={t[`${command}Confirm`]}
      danger={command === 'cancel'}
      reason={command === 'cancel' ? 'required' : 'optional'}
      onConfirm={(given) => give(command, campaign, given)}
      onClose={onClose}
    />
  );
}
