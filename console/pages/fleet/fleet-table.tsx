import { useStore } from '@nanostores/react';
import { memo, type ReactNode } from 'react';
import type { Tpe } from '../../api/schema.ts';
import { CardLabel, ListRow, ListTable, RowName } from '../../components/list-table.tsx';
import { Badge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import classes from './fleet.module.css';

interface FleetTableProps {
  terminals: readonly Tpe[];
  /** They belong to the filter before. */
  stale: boolean;
}

export function FleetTable({ terminals, stale }: FleetTableProps): ReactNode {
  const t = useStore(messages);
  return (
    <ListTable
      label={t.table}
      busy={stale}
      keys={{ next: t.keyNext, previous: t.keyPrevious }}
      columns={[
        t.columnTerminal,
        t.columnVersion,
        t.columnModel,
        t.columnSite,
        t.columnTms,
        t.columnTags,
        t.columnSeen,
      ]}
    >
      <tbody>
        {terminals.map((terminal) => (
          <Row key={terminal.tpeId} terminal={terminal} />
        ))}
      </tbody>
    </ListTable>
  );
}

const Row = memo(function Row({ terminal }: { terminal: Tpe }): ReactNode {
  const t = useStore(messages);
  const { tpeId, idTms, version, model, site, tms, tags, lastSeen, active } = terminal;
  return (
    <ListRow className={classes.row} data-terminal={tpeId}>
      <td className={classes.terminal}>
        <RowName href={hasPage('terminal') ? pathOf('terminal', { tpeId }) : undefined}>{idTms}</RowName>
        {!active && <Badge tone="skipped">{t.inactive}</Badge>}
        <span className={classes.id}>{tpeId}</span>
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
        <CardLabel>{t.columnSeen}</CardLabel>
        {lastSeen === null ? (
          <span className={classes.faint}>{t.never}</span>
        ) : (
          <TimeAgo instant={lastSeen} />
        )}
      </td>
    </ListRow>
  );
});
