import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import { Suspense, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { EmptyState, NothingFound } from '../../components/empty-state.tsx';
import { FleetIcon, ImportIcon, NewIcon } from '../../components/icons.ts';
import { ListFooter } from '../../components/list-table.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { useSearchParams } from '../../lib/search-params.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { $now } from '../../state/now.ts';
import { messages } from './en.ts';
import { Facets } from './facets.tsx';
import { FACETS, FILTERS, isFiltered, NO_FILTER, ruleOf } from './filters.ts';
import { FleetTable } from './fleet-table.tsx';
import { ActiveFilters, Toolbar } from './toolbar.tsx';
import { refreshFleet, useFleet, useSummary } from './use-fleet.ts';

/** A request per letter would be too many. */
const TYPING_MS = 250;

const { Part: ImportDialog, preload: preloadImport } = lazyPart(() => import('./import-dialog.tsx'));

export default function FleetPage(): ReactNode {
  const t = useStore(messages);
  const now = useStore($now);
  const [filter, change] = useSearchParams(FILTERS);
  const [q] = useDebouncedValue(filter.q, TYPING_MS);
  const settled = { ...filter, q };
  const rule = ruleOf(settled, now);
  const { terminals, stale, error, retry, more, readsMore } = useFleet(rule);
  const summary = useSummary(rule);
  const [importing, setImporting] = useState(false);
  const startImport = (): void => setImporting(true);
  useShortcuts([{ keys: 'i', words: t.keyImport, run: startImport }]);
  const empty = terminals?.length === 0 && !stale;
  return (
    <>
      <PageHeader title={t.title} actions={<Actions rule={rule} none={empty} onImport={startImport} />} />
      {(summary?.total !== 0 || FACETS.some((facet) => filter[facet] !== '')) && (
        <Facets filter={settled} now={now} onChange={change} />
      )}
      <Toolbar filter={filter} onChange={change} />
      <ActiveFilters filter={filter} onChange={change} />
      {error !== null && <ProblemNotice error={error} onRetry={retry} />}
      {terminals === undefined && error === null && <PageSkeleton />}
      {terminals && terminals.length > 0 && <FleetTable terminals={terminals} stale={stale} />}
      {empty && error === null && (
        <Nothing filtered={isFiltered(filter)} onClear={() => change(NO_FILTER)} onImport={startImport} />
      )}
      {terminals && terminals.length > 0 && (
        <ListFooter
          shown={shownInWords(t, terminals.length, summary?.total)}
          more={more}
          moreWords={t.more}
          loading={readsMore}
        />
      )}
      {importing && (
        <Suspense fallback={null}>
          <ImportDialog onImported={refreshFleet} onClose={() => setImporting(false)} />
        </Suspense>
      )}
    </>
  );
}

function shownInWords(t: ReturnType<typeof messages.get>, shown: number, total = shown): string {
  return t.shown({ shown: t.terminals(shown), total: t.inNumbers(total) });
}

interface ActionsProps {
  rule: string;
  /** No terminal meets the rule. */
  none: boolean;
  onImport: () => void;
}

function Actions({ rule, none, onImport }: ActionsProps): ReactNode {
  const t = useStore(messages);
  return (
    <>
      <Button
        variant="default"
        leftSection={<ImportIcon size={16} aria-hidden />}
        onClick={onImport}
        onPointerEnter={() => void preloadImport()}
        onFocus={() => void preloadImport()}
      >
        {t.import}
      </Button>
      {hasPage('new-campaign') && !none && (
        <Button component={Link} href={newCampaignFor(rule)} leftSection={<NewIcon size={16} aria-hidden />}>
          {rule === 'all' ? t.newCampaignAll : t.newCampaign}
        </Button>
      )}
    </>
  );
}

/** The page of a new campaign, with the terminals that are shown as its targets. */
function newCampaignFor(rule: string): string {
  const page = pathOf('new-campaign');
  return rule === 'all' ? page : `${page}?${new URLSearchParams({ rule }).toString()}`;
}

interface NothingProps {
  filtered: boolean;
  onClear: () => void;
  onImport: () => void;
}

function Nothing({ filtered, onClear, onImport }: NothingProps): ReactNode {
  const t = useStore(messages);
  if (filtered) return <NothingFound title={t.nothingFound} clear={t.clear} onClear={onClear} />;
  return (
    <EmptyState icon={FleetIcon} title={t.emptyTitle}>
      <p>{t.emptyText}</p>
      <Button size="xs" onClick={onImport}>
        {t.import}
      </Button>
    </EmptyState>
  );
}
