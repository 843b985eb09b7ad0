import { useStore } from '@nanostores/react';
import { memo, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { CampaignTpe } from '../../api/schema.ts';
import { ExternalIcon } from '../../components/icons.ts';
import { StatusBadge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import classes from './terminals.module.css';

interface TerminalRowProps {
  row: CampaignTpe;
  index: number;
  /** Pixels from the top of the list. */
  start: number;
  /** Undefined: none can be chosen; null: this one can not. */
  selected: boolean | null | undefined;
  onSelect: (tpeIds: readonly string[], on: boolean) => void;
}

export const TerminalRow = memo(function TerminalRow(props: TerminalRowProps): ReactNode {
  const { row, index, start, selected, onSelect } = props;
  const t = useStore(messages);
  const { tpeId, idTms, model, site, wave, fromVersion, version, attempt } = row;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-terminal={tpeId}
      className={classes.row}
      style={{ transform: `translateY(${start}px)` }}
    >
      {selected !== undefined && (
        <span role="cell" className={classes.select}>
          {selected !== null && (
            <input
              type="checkbox"
              aria-label={t.selectOne({ name: idTms })}
              checked={selected}
              onChange={(event) => onSelect([tpeId], event.currentTarget.checked)}
            />
          )}
        </span>
      )}
      <span role="cell" className={classes.terminal}>
        <Name row={row} />
        <code title={tpeId}>{tpeId.slice(0, 8)}</code>
      </span>
      <span role="cell" className={classes.status}>
        <StatusBadge status={{ tpe: row.status }} />
        {attempt > 1 && <span className={classes.faint}> {t.attempt({ n: String(attempt) })}</span>}
      </span>
      <span role="cell" className={classes.reason}>
        <Reason row={row} />
      </span>
      <span role="cell" className={classes.model}>
        {model}
      </span>
      <span role="cell" className={classes.site}>
        {site}
      </span>
      <span role="cell" className={classes.wave}>
        <span className={classes.label}>{t.columnWave} </span>
        {wave}
      </span>
      <span role="cell" className={classes.versions}>
        {fromVersion === version ? (version ?? '?') : `${fromVersion ?? '?'} → ${version ?? '?'}`}
      </span>
      <span role="cell" className={classes.update}>
        <TimeAgo instant={row.lastUpdate} />
      </span>
      <span role="cell" className={classes.links}>
        <a
          href={row.links.temporal}
          target="_blank"
          rel="noreferrer"
          title={t.inTemporal}
          aria-label={t.terminalInTemporal({ name: idTms })}
        >
          <ExternalIcon size={15} aria-hidden />
        </a>
      </span>
    </div>
  );
});

function Name({ row: { tpeId, idTms, tms } }: { row: CampaignTpe }): ReactNode {
  const title = `${tms} ${idTms}`;
  if (!hasPage('terminal')) {
    return (
      <strong className={classes.name} title={title}>
        {idTms}
      </strong>
    );
  }
  return (
    <Link href={pathOf('terminal', { tpeId })} className={classes.name} title={title}>
      {idTms}
    </Link>
  );
}

/** Why it is as it is, and what became of its roll-back. */
function Reason({ row: { reason, compensation, compensationReason } }: { row: CampaignTpe }): ReactNode {
  const t = useStore(messages);
  const back =
    compensation && [t[`compensation${compensation}`], compensationReason].filter(Boolean).join(': ');
  const words = [reason, back].filter(Boolean).join(' · ');
  return <span title={words}>{words}</span>;
}
