import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import type { StoreValue } from 'nanostores';
import type { DeadLetter } from '../../api/schema.ts';
import { ConfirmAction } from '../../components/confirm-action.tsx';
import { DiscardIcon, RollBackIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { TextButton } from '../../components/text-button.tsx';
import { decideMany, type Chosen, type Decision, type Outcome } from './decide.ts';
import { messages } from './en.ts';
import { askedOf, isFiltered, type Filter } from './filters.ts';
import { readSummary, useSummary } from './use-letters.ts';
import classes from './dead-letters.module.css';

interface ManyActionsProps {
  filter: Filter;
  /** The selected ones. */
  chosen: readonly DeadLetter[];
  onUnselect: () => void;
  onOutcome: (outcome: Outcome) => void;
}

/** What is to be confirmed. */
interface Order {
  decision: Decision;
  chosen: Chosen;
  count: number;
  byTopic: ReadonlyMap<string, number>;
}

/** Replay and discard: of the selected letters, or else of all that meet the filter. */
export function ManyActions({ filter, chosen, onUnselect, onOutcome }: ManyActionsProps): ReactNode {
  const t = useStore(messages);
  const { data: summary } = useSummary(isFiltered(filter) ? filter : undefined);
  const [order, setOrder] = useState<Order>();
  const [error, setError] = useState<unknown>();
  const [counting, setCounting] = useState(false);

  function orderSelected(decision: Decision): void {
    const byTopic = countBy(chosen.map(({ topic }) => [topic, 1] as const));
    const ids = chosen.map(({ deadLetterId }) => deadLetterId);
    setOrder({ decision, chosen: { ids }, count: ids.length, byTopic });
  }

  /** Counted anew: what is confirmed must be what there is now. */
  async function orderAll(decision: Decision): Promise<void> {
    setCounting(true);
    setError(undefined);
    try {
      const asked = askedOf(filter, Date.now());
      const { open, items } = await readSummary(asked);
      const byTopic = countBy(items.map(({ topic, count }) => [topic, count] as const));
      // Somebody else has decided about them meanwhile.
      if (open === 0) onOutcome({ decision, done: 0, skippedCount: 0, skipped: [] });
      else setOrder({ decision, chosen: { filter: asked }, count: open, byTopic });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setCounting(false);
    }
  }

  const some = chosen.length > 0;
  const act = (decision: Decision): void => {
    if (some) orderSelected(decision);
    else void orderAll(decision);
  };
  return (
    <>
      <div className={classes.many}>
        <p role="status">{some ? t.selected(chosen.length) : summary && t.allOfFilter(summary.open)}</p>
        <Button
          size="xs"
          variant="default"
          leftSection={<RollBackIcon size={14} aria-hidden />}
          disabled={counting}
          onClick={() => act('replay')}
        >
          {some ? t.replaySelected : t.replayAll}
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<DiscardIcon size={14} aria-hidden />}
          disabled={counting}
          onClick={() => act('discard')}
        >
          {some ? t.discardSelected : t.discardAll}
        </Button>
        {some && <TextButton onClick={onUnselect}>{t.unselect}</TextButton>}
      </div>
      {error !== undefined && <ProblemNotice error={error} />}
      {order && (
        <ConfirmAction
          title={t[`${order.decision}ManyTitle`](order.count)}
          consequences={consequencesOf(t, order)}
          confirmLabel={t[`${order.decision}ManyConfirm`](order.count)}
          danger={order.decision === 'replay' && 'filter' in order.chosen}
          reason="required"
          onConfirm={(given) => decideMany(order.decision, order.chosen, given, onOutcome)}
          onClose={() => setOrder(undefined)}
        />
      )}
    </>
  );
}

function consequencesOf(t: StoreValue<typeof messages>, { decision, count, byTopic }: Order): string[] {
  if (decision === 'discard') return [t.discardMany(count), t.discardKept];
  const published = [...byTopic].map(([topic, each]) => t.replayOn({ messages: t.messages(each), topic }));
  return [...published, t.replayInOrder, t.replayOnce];
}

function countBy(parts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, count] of parts) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}
