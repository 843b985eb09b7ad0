import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, useState, type ReactNode } from 'react';
import type { CampaignCreated, TpeDetail } from '../../api/schema.ts';
import { ConfirmAction } from '../../components/confirm-action.tsx';
import { ExternalIcon, LookIcon, RefreshIcon, RollBackIcon } from '../../components/icons.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { look, newKey, retry, rollBack } from './commands.ts';
import { messages } from './en.ts';
import { actionsFor, currentOf, wasTracked, type Entry } from './history.ts';

interface ActionsProps {
  terminal: TpeDetail;
  onLooked: () => void;
  /** A look was refused. */
  onFailed: (error: unknown) => void;
  onCreated: (campaign: CampaignCreated) => void;
}

/** What can be done with the terminal as it is now; nothing else is shown. */
export function Actions({ terminal, onLooked, onFailed, onCreated }: ActionsProps): ReactNode {
  const t = useStore(messages);
  const [asking, setAsking] = useState<'retry' | 'rollBack'>();
  const { looking, lookNow } = useLook(terminal, onLooked, onFailed);
  const actions = actionsFor(terminal);
  const current = currentOf(terminal.campaigns);
  const icon = { size: 16, 'aria-hidden': true } as const;
  useShortcuts(actions.includes('look') ? [{ keys: 'l', words: t.keyLook, run: lookNow }] : []);
  return (
    <>
      {actions.includes('look') && (
        <Button variant="default" leftSection={<LookIcon {...icon} />} loading={looking} onClick={lookNow}>
          {t.look}
        </Button>
      )}
      {actions.includes('retry') && (
        <Button variant="default" leftSection={<RefreshIcon {...icon} />} onClick={() => setAsking('retry')}>
          {t.retry}
        </Button>
      )}
      {actions.includes('rollBack') && (
        <Button
          variant="default"
          leftSection={<RollBackIcon {...icon} />}
          onClick={() => setAsking('rollBack')}
        >
          {t.rollBack}
        </Button>
      )}
      {current && wasTracked(current) && (
        <Button
          component="a"
          variant="default"
          href={current.links.temporal}
          target="_blank"
          rel="noreferrer"
          leftSection={<ExternalIcon {...icon} />}
        >
          {t.temporal}
          <span className="hidden-text"> ({t.newTab})</span>
        </Button>
      )}
      {asking && current && (
        <Question
          what={asking}
          terminal={terminal}
          current={current}
          onCreated={onCreated}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  );
}

function useLook(
  { tpeId, campaigns }: TpeDetail,
  onLooked: () => void,
  onFailed: (error: unknown) => void,
): { looking: boolean; lookNow: () => void } {
  const [looking, setLooking] = useState(false);
  // The state is of the last drawing: two clicks may come before the next one.
  const fired = useRef(false);
  const current = currentOf(campaigns);
  async function lookOnce(entry: Entry): Promise<void> {
    if (fired.current) return;
    fired.current = true;
    setLooking(true);
    try {
      await look(tpeId, entry);
      onLooked();
    } catch (error) {
      onFailed(error);
    } finally {
      fired.current = false;
      setLooking(false);
    }
  }
  return { looking, lookNow: () => current && void lookOnce(current) };
}

interface QuestionProps {
  what: 'retry' | 'rollBack';
  terminal: TpeDetail;
  current: Entry;
  onCreated: (campaign: CampaignCreated) => void;
  onClose: () => void;
}

/** Both make a new campaign. What is asked for once is made once, also where its answer was lost and it is sent again. */
function Question({ what, terminal, current, onCreated, onClose }: QuestionProps): ReactNode {
  const t = useStore(messages);
  const [key] = useState(newKey);
  // What it was when the question was asked: the page goes on being read behind the dialog.
  const [{ tpeId, idTms, tms, version, entry }] = useState(() => ({ ...terminal, entry: current }));
  const { name, targetVersion, fromVersion } = entry;
  if (what === 'retry') {
    return (
      <ConfirmAction
        title={t.retryTitle({ terminal: idTms })}
        consequences={[
          t.retryWhat({ tms, version: targetVersion }),
          t.retryPolicy({ name }),
          t.retryFourEyes,
        ]}
        confirmLabel={t.retryConfirm}
        onConfirm={async ({ by }) => onCreated(await retry(tpeId, entry, by, key))}
        onClose={onClose}
      />
    );
  }
  const before = fromVersion ?? t.unknown;
  return (
    <ConfirmAction
      title={t.rollBackTitle({ terminal: idTms, version: before })}
      consequences={[
        t.rollBackWhat({ tms, now: version ?? t.unknown, version: before }),
        t.rollBackPolicy,
        t.rollBackLeft({ name }),
      ]}
      confirmLabel={t.rollBackConfirm({ version: before })}
      danger
      onConfirm={async ({ by }) => onCreated(await rollBack(terminal, before, by, key))}
      onClose={onClose}
    />
  );
}
