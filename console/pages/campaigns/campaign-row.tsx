import { useStore } from '@nanostores/react';
import { memo, type ReactNode } from 'react';
import type { CampaignSummary } from '../../api/schema.ts';
import { AlertIcon, CancelIcon, PauseIcon, RunIcon } from '../../components/icons.ts';
import { CardLabel, ListRow, RowName } from '../../components/list-table.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { campaignStateOf, underWay } from '../../components/status.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { $asked, askedOf, commandsFor, type Command } from './commands.ts';
import { messages } from './en.ts';
import { failures } from './rows.ts';
import { stateLine } from './state-line.ts';
import type { Order } from './page.tsx';
import classes from './campaigns.module.css';

interface CampaignRowProps {
  campaign: CampaignSummary;
  onCommand: (order: Order) => void;
}

/** Failures from here on are marked, in percent: the share at which a campaign pauses by default. */
const MANY_FAILURES = 5;

/** Drawn anew only when its own campaign has changed: the stream tells of others all the time. */
export const CampaignRow = memo(function CampaignRow({ campaign, onCommand }: CampaignRowProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const { campaignId, name } = campaign;
  const line = stateLine({ t, common, format }, campaign);
  return (
    <ListRow className={classes.row} data-campaign={campaignId} tabIndex={-1}>
      <td className={classes.campaign}>
        <RowName href={hasPage('campaign') ? pathOf('campaign', { campaignId }) : undefined}>{name}</RowName>
        <span className={classes.version}>→ {campaign.targetVersion}</span>
        {line !== undefined && <p className={classes.line}>{line}</p>}
      </td>
      <td className={classes.stateCell}>
        <State campaign={campaign} />
      </td>
      <td className={classes.progress}>
        <Progress campaign={campaign} />
      </td>
      <td className={classes.failures}>
        <Failures campaign={campaign} />
      </td>
      <td className={classes.by}>
        <CardLabel>{t.columnStartedBy}</CardLabel>
        <span className={classes.person} title={campaign.createdBy}>
          {campaign.createdBy}
        </span>
      </td>
      <td className={`${classes.created} ${classes.wideOnly}`}>
        <TimeAgo instant={campaign.createdAt} />
      </td>
      <td className={classes.actions}>
        <Commands campaign={campaign} onCommand={onCommand} />
      </td>
    </ListRow>
  );
});

const ASKED_WORDS = { pause: 'askedPause', resume: 'askedResume', cancel: 'askedCancel' } as const;

function State({ campaign }: { campaign: CampaignSummary }): ReactNode {
  const t = useStore(messages);
  const asked = askedOf(campaign, useStore($asked, { keys: [campaign.campaignId] })[campaign.campaignId]);
  return (
    <StatusBadge status={{ campaign: campaignStateOf(campaign) }}>
      {asked && `${t[ASKED_WORDS[asked]]}…`}
    </StatusBadge>
  );
}

function Progress({
  campaign: { counts, total, final, percentFinal },
}: {
  campaign: CampaignSummary;
}): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const going = underWay(counts);
  return (
    <>
      <ProgressBar counts={counts} total={total} />
      <p className={classes.numbers}>
        <b>{format.percent(percentFinal)}</b>
        <span>{t.ofTerminals({ done: format.number(final), total: format.number(total) })}</span>
        {going > 0 && <span className={classes.going}>{t.underWay({ n: format.number(going) })}</span>}
      </p>
    </>
  );
}

function Failures({ campaign: { counts, failurePercent } }: { campaign: CampaignSummary }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const label = <CardLabel>{t.columnFailures}</CardLabel>;
  if (failurePercent === null) {
    return (
      <span title={t.noneTried}>
        {label}–<span className="hidden-text">{t.noneTried}</span>
      </span>
    );
  }
  const failed = failures(counts);
  const words = t.failedOf({
    failed: format.number(failed),
    tried: format.number(failed + (counts.SUCCESS ?? 0)),
  });
  return (
    <span title={words} data-many={failurePercent >= MANY_FAILURES} className={classes.rate}>
      {label}
      {failurePercent >= MANY_FAILURES && <AlertIcon size={13} aria-hidden />}
      {format.percent(failurePercent)}
      <span className="hidden-text">{words}</span>
    </span>
  );
}

const COMMAND_ICONS = { pause: PauseIcon, resume: RunIcon, cancel: CancelIcon } as const;

function Commands({ campaign, onCommand }: CampaignRowProps): ReactNode {
  const t = useStore(messages);
  return commandsFor(campaign).map((command: Command) => {
    const Icon = COMMAND_ICONS[command];
    return (
      <button
        key={command}
        type="button"
        className={classes.command}
        data-command={command}
        title={t[command]}
        aria-label={t.ofCampaign({ action: t[command], name: campaign.name })}
        onClick={() => onCommand({ command, campaign })}
      >
        <Icon size={15} strokeWidth={2.2} aria-hidden />
        <span aria-hidden>{t[command]}</span>
      </button>
    );
  });
}
