import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { TpeStatus } from '../api/schema.ts';
import { shared } from '../i18n/en.ts';
import { CAMPAIGN_LOOKS, TPE_LOOKS, type CampaignState } from './status.ts';
import classes from './status-badge.module.css';

interface StatusBadgeProps {
  /** Of a terminal or of a campaign. */
  status: { tpe: TpeStatus } | { campaign: CampaignState };
  /** Instead of the status's own word: what has been asked for and has not happened yet. */
  children?: ReactNode;
}

/** A status as a word with its icon. */
export function StatusBadge({ status, children }: StatusBadgeProps): ReactNode {
  const t = useStore(shared);
  const { icon: Icon, tone } = 'tpe' in status ? TPE_LOOKS[status.tpe] : CAMPAIGN_LOOKS[status.campaign];
  const word = 'tpe' in status ? t[`status${status.tpe}`] : t[`campaign${status.campaign}`];
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={13} strokeWidth={2.4} aria-hidden />
      {children ?? word}
    </span>
  );
}
