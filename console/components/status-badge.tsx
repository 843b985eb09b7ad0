import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { TpeStatus } from '../api/schema.ts';
import { shared } from '../i18n/en.ts';
import type { Icon } from './icons.ts';
import { CAMPAIGN_LOOKS, TPE_LOOKS, type CampaignState, type Tone } from './status.ts';
import classes from './status-badge.module.css';

interface BadgeProps {
  tone: Tone;
  icon?: Icon;
  children: ReactNode;
}

/** A word that stands out, in the colours of a status. */
export function Badge({ tone, icon: Icon, children }: BadgeProps): ReactNode {
  return (
    <span
      className={classes.badge}
      style={{ color: `var(--${tone}-ink)`, background: `var(--${tone}-soft)` }}
    >
      {Icon && <Icon size={13} strokeWidth={2.4} aria-hidden />}
      {children}
    </span>
  );
}

interface StatusBadgeProps {
  /** Of a terminal or of a campaign. */
  status: { tpe: TpeStatus } | { campaign: CampaignState };
  /** Instead of the status's own word: what has been asked for and has not happened yet. */
  children?: ReactNode;
}

/** A status as a word with its icon. */
export function StatusBadge({ status, children }: StatusBadgeProps): ReactNode {
  const t = useStore(shared);
  const { icon, tone } = 'tpe' in status ? TPE_LOOKS[status.tpe] : CAMPAIGN_LOOKS[status.campaign];
  const word = 'tpe' in status ? t[`status${status.tpe}`] : t[`campaign${status.campaign}`];
  return (
    <Badge tone={tone} icon={icon}>
      {children ?? word}
    </Badge>
  );
}
