import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { TpeDetail } from '../../api/schema.ts';
import { ExternalIcon } from '../../components/icons.ts';
import { StatusBadge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormat } from '../../i18n/format.ts';
import { CampaignName } from './current-update.tsx';
import { messages } from './en.ts';
import { isRollingBack, wasTracked, type Entry } from './history.ts';
import { reasonInWords } from './reasons.ts';
import table from './history-table.module.css';
import classes from './terminal.module.css';

/** Campaigns that the API tells of. */
const TOLD = 100;

/** Every campaign that the terminal was in, the newest first. */
export function History({ terminal: { campaigns } }: { terminal: TpeDetail }): ReactNode {
  const t = useStore(messages);
  if (campaigns.length === 0) return null;
  return (
    <section className={classes.card} aria-labelledby="history">
      <header className={classes.cardHead}>
        <h2 id="history">{t.history}</h2>
      </header>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t.columnCampaign}</th>
            <th scope="col">{t.columnOutcome}</th>
            <th scope="col">{t.columnVersions}</th>
            <th scope="col" className={table.attempts}>
              {t.columnAttempts}
            </th>
            <th scope="col">{t.columnChanged}</th>
            <th scope="col">
              <span className="hidden-text">{t.columnTemporal}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {campaigns.map((entry) => (
            <Row key={entry.campaignId} entry={entry} />
          ))}
        </tbody>
      </table>
      {campaigns.length === TOLD && <p className={classes.soft}>{t.lastHundred}</p>}
    </section>
  );
}

function Row({ entry }: { entry: Entry }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { name, targetVersion, status, reason, attempt, fromVersion, version, lastUpdate, links } = entry;
  return (
    <tr>
      <td className={table.inCampaign}>
        <CampaignName entry={entry} /> <span className={table.target}>→ {targetVersion}</span>
      </td>
      <td>
        <StatusBadge status={isRollingBack(entry) ? { campaign: 'ROLLING_BACK' } : { tpe: status }} />
        {reason !== null && <p className={classes.soft}>{reasonInWords(t, reason)}</p>}
      </td>
      <td className={table.versions}>
        {fromVersion ?? t.unknown} → {version ?? '–'}
      </td>
      <td className={table.attempts}>{format.number(attempt)}</td>
      <td className={table.changed}>
        <TimeAgo instant={lastUpdate} />
      </td>
      <td className={table.link}>
        {wasTracked(entry) && (
          <a
            href={links.temporal}
            target="_blank"
            rel="noreferrer"
            aria-label={`${t.temporalOf({ name })} (${t.newTab})`}
          >
            <ExternalIcon size={15} aria-hidden />
          </a>
        )}
      </td>
    </tr>
  );
}
