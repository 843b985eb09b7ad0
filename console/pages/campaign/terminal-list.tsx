import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useStore } from '@nanostores/react';
import { useCallback, useState, type ReactNode } from 'react';
import type { Campaign } from '../../api/schema.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { FleetIcon, RetryIcon, SearchIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { isEnded } from '../../components/status.ts';
import { shared } from '../../i18n/en.ts';
import { messages } from './en.ts';
import { isFiltered, NO_FILTER, type TerminalFilter } from './filters.ts';
import { canRetry, knownTotal } from './selection.ts';
import { TerminalRows } from './terminal-rows.tsx';
import { TerminalToolbar } from './terminal-toolbar.tsx';
import { useTerminals } from './use-terminals.ts';
import classes from './terminals.module.css';

/** A request per letter would be too many. */
const TYPING_MS = 250;

interface TerminalListProps {
  campaign: Campaign;
  filter: TerminalFilter;
  /** Another number when rows may have changed. */
  revision: number;
  onFilter: (change: Partial<TerminalFilter>) => void;
  /** Tries these again, as a new campaign. */
  onRetry: (tpeIds: readonly string[]) => void;
}

/** The terminals of a campaign, however many there are. */
export default function TerminalList(props: TerminalListProps): ReactNode {
  const { campaign, filter, revision, onFilter, onRetry } = props;
  const t = useStore(messages);
  const common = useStore(shared);
  const [typed] = useDebouncedValue(JSON.stringify(filter), TYPING_MS);
  const settled = JSON.parse(typed) as TerminalFilter;
  const terminals = useTerminals(campaign.campaignId, settled, revision);
  const { rows, loading, hasMore, error, retry, see } = terminals;
  const [selected, select, clear] = useSelection();
  const retriable = isEnded(campaign.status);
  const selectable = retriable ? rows.filter(canRetry) : [];
  return (
    <>
      <TerminalToolbar campaign={campaign} filter={filter} onChange={onFilter} />
      {error !== null && <ProblemNotice error={error} onRetry={retry} />}
      {retriable && selectable.length > 0 && (
        <div className={classes.selection}>
          <p role="status">{t.selected(selected.size)}</p>
          <Button
            size="xs"
            variant="default"
            onClick={() =>
              select(
                selectable.map(({ tpeId }) => tpeId),
                true,
              )
            }
          >
            {hasMore ? t.selectRead(selectable.length) : t.selectAll(selectable.length)}
          </Button>
          {selected.size > 0 && (
            <>
              <Button size="xs" variant="default" onClick={clear}>
                {t.selectNone}
              </Button>
              <Button
                size="xs"
                leftSection={<RetryIcon size={14} aria-hidden />}
                onClick={() => onRetry([...selected])}
              >
                {t.retrySelected(selected.size)}
              </Button>
            </>
          )}
        </div>
      )}
      {loading && error === null && <p className={classes.note}>{common.loading}…</p>}
      {rows.length > 0 && (
        <TerminalRows
          rows={rows}
          hasMore={hasMore}
          total={knownTotal(campaign.counts, settled)}
          selected={retriable ? selected : undefined}
          onSelect={select}
          onSee={see}
        />
      )}
      {rows.length === 0 && !loading && error === null && (
        <Nothing filter={filter} onClear={() => onFilter(NO_FILTER)} />
      )}
    </>
  );
}

/** Chosen terminals, by id; they stay chosen when another filter is looked at. */
function useSelection(): [ReadonlySet<string>, (tpeIds: readonly string[], on: boolean) => void, () => void] {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const select = useCallback((tpeIds: readonly string[], on: boolean) => {
    const those = new Set(tpeIds);
    setSelected((before) => new Set([...before].filter((id) => !those.has(id)).concat(on ? tpeIds : [])));
  }, []);
  const clear = useCallback(() => setSelected(new Set()), []);
  return [selected, select, clear];
}

function Nothing({ filter, onClear }: { filter: TerminalFilter; onClear: () => void }): ReactNode {
  const t = useStore(messages);
  if (!isFiltered(filter)) {
    return (
      <EmptyState icon={FleetIcon} title={t.noTerminals}>
        {t.noTerminalsText}
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={SearchIcon} title={t.noneMeets}>
      <Button variant="default" size="xs" onClick={onClear}>
        {t.clear}
      </Button>
    </EmptyState>
  );
}
