import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Menu.layer.css';
import { Button, Menu } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Campaign } from '../../api/schema.ts';
import {
  ApprovalIcon,
  CancelIcon,
  ForceIcon,
  MoreIcon,
  NewIcon,
  NextWaveIcon,
  PauseIcon,
  PolicyIcon,
  RejectIcon,
  RetryIcon,
  RollBackIcon,
  RunIcon,
  type Icon,
} from '../../components/icons.ts';
import { isEnded } from '../../components/status.ts';
import { pathOf } from '../../pages.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { actionsFor, type Action } from './actions.ts';
import { messages } from './en.ts';
import classes from './campaign.module.css';

const ICONS: Record<Action, Icon> = {
  approve: ApprovalIcon,
  reject: RejectIcon,
  pause: PauseIcon,
  resume: RunIcon,
  nextWave: NextWaveIcon,
  policy: PolicyIcon,
  cancel: CancelIcon,
  rollBack: RollBackIcon,
  stopRollBack: CancelIcon,
  force: ForceIcon,
  retry: RetryIcon,
};

/** The one that is most likely meant. */
const FIRST: ReadonlySet<Action> = new Set(['approve', 'resume', 'retry']);

interface ActionBarProps {
  campaign: Campaign;
  onAction: (action: Action) => void;
}

/** What can be done with the campaign now; what ends it is in a menu, a step further away. */
export function ActionBar({ campaign, onAction }: ActionBarProps): ReactNode {
  const t = useStore(messages);
  const { main, more } = actionsFor(campaign);
  useKeys([...main, ...more], onAction);
  return (
    <div className={classes.actions} role="group" aria-label={t.actions}>
      {main.map((action) => {
        const Shown = ICONS[action];
        return (
          <Button
            key={action}
            variant={FIRST.has(action) ? 'filled' : 'default'}
            leftSection={<Shown size={15} strokeWidth={2.2} aria-hidden />}
            onClick={() => onAction(action)}
          >
            {t[action]}
          </Button>
        );
      })}
      {isEnded(campaign.status) && (
        <Button
          component={Link}
          href={`${pathOf('new-campaign')}?like=${campaign.campaignId}`}
          variant="default"
          leftSection={<NewIcon size={15} aria-hidden />}
        >
          {t.newLike}
        </Button>
      )}
      {more.length > 0 && <More actions={more} onAction={onAction} />}
    </div>
  );
}

function More({
  actions,
  onAction,
}: {
  actions: readonly Action[];
  onAction: (action: Action) => void;
}): ReactNode {
  const t = useStore(messages);
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 80 }}>
      <Menu.Target>
        <Button variant="default" leftSection={<MoreIcon size={15} aria-hidden />}>
          {t.endIt}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        {actions.map((action) => {
          const Shown = ICONS[action];
          return (
            <Menu.Item
              key={action}
              className={classes.menuItem}
              leftSection={<Shown size={15} aria-hidden />}
              onClick={() => onAction(action)}
            >
              {t[action]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** p pauses or resumes, x ends it. */
function useKeys(possible: readonly Action[], onAction: (action: Action) => void): void {
  const t = useStore(messages);
  const run = (...wanted: readonly Action[]): void => {
    const action = possible.find((each) => wanted.includes(each));
    if (action) onAction(action);
  };
  useShortcuts([
    { keys: 'p', words: t.keyPause, run: () => run('pause', 'resume') },
    { keys: 'x', words: t.keyCancel, run: () => run('cancel', 'stopRollBack') },
  ]);
}
