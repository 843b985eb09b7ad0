import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { EmptyState, NothingFound } from '../../components/empty-state.tsx';
import { EventsIcon, ExportIcon, RefreshIcon, SearchIcon } from '../../components/icons.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useSearchParams } from '../../lib/search-params.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { $now } from '../../state/now.ts';
import { Chain } from './chain.tsx';
import { messages } from './en.ts';
import { EventFilter } from './event-filter.tsx';
import { EventTable } from './event-table.tsx';
import { askedOf, exportAddress, faultsOf, FILTERS, isFiltered, NO_FILTER, type Filter } from './filters.ts';
import { useCampaignNames, useEvents } from './use-events.ts';
import classes from './events.module.css';

/** A request per letter would be too many. */
const TYPING_MS = 250;

export default function EventsPage(): ReactNode {
  const t = useStore(messages);
  const [filter, change] = useSearchParams(FILTERS);
  const [settled] = useDebouncedValue(filter, TYPING_MS);
  const { events, error, busy, refresh, more } = useEvents(settled);
  const campaigns = useCampaignNames();
  useShortcuts([{ keys: 'r', words: t.keyRefresh, run: refresh }]);
  const faulty = faultsOf(settled).size > 0;
  const onlyType = settled.type !== '' && !isFiltered({ ...settled, type: '' });
  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          <>
            <Button variant="default" leftSection={<RefreshIcon size={15} aria-hidden />} onClick={refresh}>
              {t.refresh}
            </Button>
            {!faulty && <Exports filter={filter} />}
          </>
        }
      />
      <Chain />
      <EventFilter filter={filter} campaigns={campaigns} onChange={change} />
      {onlyType && <p className={classes.hint}>{t.slow}</p>}
      {error !== null && !faulty && <ProblemNotice error={error} onRetry={refresh} />}
      {events === undefined && error === null && !faulty && <PageSkeleton />}
      {faulty && <EmptyState icon={SearchIcon} title={t.correctFilter} />}
      {!faulty && events && events.length > 0 && (
        <EventTable
          events={events}
          campaigns={campaigns}
          open={filter.open}
          busy={busy}
          onChange={change}
          more={more}
        />
      )}
      {!faulty && events?.length === 0 && (
        <Nothing filtered={isFiltered(filter)} onClear={() => change(NO_FILTER)} />
      )}
    </>
  );
}

/** Plain links: the browser writes to the disk what comes, and the page holds none of it. */
function Exports({ filter }: { filter: Filter }): ReactNode {
  const t = useStore(messages);
  const asked = askedOf(filter, useStore($now));
  return (
    <>
      <Button
        component="a"
        href={exportAddress(asked, 'csv')}
        download
        variant="default"
        title={t.exportCsvTitle}
        leftSection={<ExportIcon size={15} aria-hidden />}
      >
        {t.exportCsv}
      </Button>
      <Button
        component="a"
        href={exportAddress(asked, 'ndjson')}
        download
        variant="default"
        title={t.exportNdjsonTitle}
        leftSection={<ExportIcon size={15} aria-hidden />}
      >
        {t.exportNdjson}
      </Button>
    </>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }): ReactNode {
  const t = useStore(messages);
  if (!filtered) {
    return (
      <EmptyState icon={EventsIcon} title={t.emptyTitle}>
        {t.emptyText}
      </EmptyState>
    );
  }
  return <NothingFound title={t.nothingFound} clear={t.clear} onClear={onClear} />;
}
