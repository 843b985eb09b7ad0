import { useStore } from '@nanostores/react';
import { memo, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Tpe } from '../../api/schema.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import classes from './fleet.module.css';

interface FleetTableProps {
  terminals: readonly Tpe[];
  /** They belong to the filter before. */
  stale: boolean;
}

export function FleetTable({ terminals, stale }: FleetTableProps): ReactNode {
  const t = useStore(messages);
  const table = useRef<HTMLTableElement>(null);
  const go = (by: 1 | -1): void => {
    const rows = [...(table.current?.querySelectorAll<HTMLElement>('[data-name]') ?? [])];
    const current = rows.indexOf(document.activeElement as HTMLElement);
    const next = current < 0 ? (by > 0 ? 0 : rows.length - 1) : current + by;
    rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
  };
  useShortcuts([
    { keys: 'j', words: t.keyNext, run: () => go(1) },
    { keys: 'k', words: t.keyPrevious, run: () => go(-1) },
  ]);
  return (
    <table ref={table} className={classes.table} aria-label={t.table} aria-busy={stale} data-stale={stale}>
      <thead>
        <tr>
          <th scope="col">{t.columnTerminal}</th>
          <th scope="col">{t.columnVersion}</th>
          <th scope="col">{t.columnModel}</th>
          <th scope="col">{t.columnSite}</th>
          <th scope="col">{t.columnTms}</th>
          <th scope="col">{t.columnTags}</th>
          <th scope="col">{t.columnSeen}</th>
        </tr>
      </thead>
      <tbody>
        {terminals.map((terminal) => (
          <Row key={terminal.tpeId} terminal={terminal} />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({ terminal }: { terminal: Tpe }): ReactNode {
  const t = useStore(messages);
  const { version, model, site, tms, tags, lastSeen } = terminal;
  return (
    <tr className={classes.row} data-terminal={terminal.tpeId}>
      <td className={classes.terminal}>
        <Name terminal={terminal} />
        {!terminal.active && <span className={classes.inactive}>{t.inactive}</span>}
        <span className={classes.id}>{terminal.tpeId}</span>
      </td>
      <td className={classes.version}>{version ?? <span className={classes.faint}>{t.unknown}</span>}</td>
      <td>{model}</td>
      <td className={classes.site}>{site}</td>
      <td className={classes.tms}>{tms}</td>
      <td className={classes.tags}>
        {tags.map((tag) => (
          <span key={tag} className={classes.tag}>
            {tag}
          </span>
        ))}
      </td>
      <td className={classes.seen}>
        <span className={classes.label}>{t.columnSeen} </span>
        {lastSeen === null ? (
          <span className={classes.faint}>{t.never}</span>
        ) : (
          <TimeAgo instant={lastSeen} />
        )}
      </td>
    </tr>
  );
});

function Name({ terminal: { tpeId, idTms } }: { terminal: Tpe }): ReactNode {
  if (!hasPage('terminal')) return <strong className={classes.name}>{idTms}</strong>;
  return (
    <Link href={pathOf('terminal', { tpeId })} className={classes.name} data-name>
      {idTms}
    </Link>
  );
}
