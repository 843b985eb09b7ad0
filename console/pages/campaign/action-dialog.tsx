import { useStore } from '@nanostores/react';
import { Suspense, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Campaign } from '../../api/schema.ts';
import { ConfirmAction } from '../../components/confirm-action.tsx';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { pathOf } from '../../pages.ts';
import { consequencesOf, DANGEROUS, failuresIn, give, newKey, retry, type Action } from './actions.ts';
import { messages } from './en.ts';
import { FAILURES } from './filters.ts';
import { changeInWords, changeOf, changePolicy, draftOf, type Draft } from './policy-change.ts';

const { Part: PolicyForm } = lazyPart(() => import('./policy-form.tsx'));

export interface Order {
  action: Action;
  /** Of a retry: these terminals; undefined: all that have failed. */
  tpeIds?: readonly string[] | undefined;
}

interface ActionDialogProps {
  order: Order;
  campaign: Campaign;
  /** It was asked for. @param words what is told until it is seen; none where it has happened already */
  onDone: (words?: string) => void;
  onClose: () => void;
}

/** Asks before something is done, and does it. */
export function ActionDialog(props: ActionDialogProps): ReactNode {
  switch (props.order.action) {
    case 'policy':
      return <ChangePolicy {...props} />;
    case 'retry':
      return <Retry {...props} />;
    default:
      return <Command {...props} action={props.order.action} />;
  }
}

type CommandProps = ActionDialogProps & { action: Exclude<Action, 'policy' | 'retry'> };

function Command({ action, campaign, onDone, onClose }: CommandProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const dangerous = DANGEROUS.has(action);
  return (
    <ConfirmAction
      title={t[`${action}Title`]({ name: campaign.name })}
      consequences={consequencesOf({ t, format }, action, campaign)}
      confirmLabel={t[`${action}Confirm`]}
      danger={dangerous}
      reason={dangerous || action === 'nextWave' ? 'required' : 'optional'}
      onConfirm={async (given) => {
        await give(action, campaign.campaignId, given);
        onDone(t.askedFor({ what: t[action] }));
      }}
      onClose={onClose}
    />
  );
}

function Retry({ order: { tpeIds }, campaign, onClose }: ActionDialogProps): ReactNode {
  const t = useStore(messages);
  const [, navigate] = useLocation();
  const [key] = useState(newKey);
  const count = tpeIds?.length ?? failuresIn(campaign.counts);
  return (
    <ConfirmAction
      title={t.retryTitle({ name: campaign.name })}
      consequences={[
        t.retryTodo(count),
        t.retryVersion({ version: campaign.targetVersion }),
        t.retryPolicy,
        ...(tpeIds ? [t.retryRefused] : [t.retrySkips]),
      ]}
      confirmLabel={t.retryConfirm}
      onConfirm={async (given) => {
        const selection = tpeIds
          ? { tpeIds: [...tpeIds], statuses: ['FAILED', 'TIMEOUT', 'CANCELLED'] as const }
          : { statuses: FAILURES };
        const created = await retry(
          campaign.campaignId,
          { ...selection, statuses: [...selection.statuses] },
          given,
          key,
        );
        navigate(pathOf('campaign', { campaignId: created }));
      }}
      onClose={onClose}
    />
  );
}

/** First what is to change, then what that means: Back leads to the form, as it was filled in. */
function ChangePolicy({ campaign, onDone, onClose }: ActionDialogProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  // Of when it was opened: what others change meanwhile is not taken for a change of ours.
  const [policy] = useState(campaign.policy);
  const [draft, setDraft] = useState<Draft>(() => draftOf(policy));
  const [settled, setSettled] = useState(false);
  if (!settled) {
    return (
      <Suspense fallback={null}>
        <PolicyForm
          draft={draft}
          policy={policy}
          onNext={(filled) => {
            setDraft(filled);
            setSettled(true);
          }}
          onClose={onClose}
        />
      </Suspense>
    );
  }
  const change = changeOf(policy, draft);
  return (
    <ConfirmAction
      title={t.policyTitle({ name: campaign.name })}
      consequences={[...changeInWords(t, format, policy, change), t.policyTodo(campaign.counts.PENDING ?? 0)]}
      confirmLabel={t.policyConfirm}
      reason="required"
      onConfirm={async (given) => {
        await changePolicy(campaign.campaignId, change, given);
        onDone();
        onClose();
      }}
      onClose={() => setSettled(false)}
    />
  );
}
