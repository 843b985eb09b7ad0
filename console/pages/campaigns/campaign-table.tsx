import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useRef, type ReactNode, type RefObject } from 'react';
import type { CampaignSummary } from '../../api/schema.ts';
import { Legend } from '../../components/legend.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { CampaignRow } from './campaign-row.tsx';
import { commandsFor, type Command } from './commands.ts';
import { messages } from './en.ts';
import type { Order } from './page.tsx';
import type { Rows } from './rows.ts';
import classes from './campaigns.module.css';

interface CampaignTableProps {
  rows: Rows;
  onCommand: (order: Order) => void;
  /** Reads older ones. */
  more: (() => void) | undefined;
}

export function CampaignTable({ rows, onCommand, more }: CampaignTableProps): ReactNode {
  const t = useStore(messages);
  const table = useRef<HTMLTableElement>(null);
  useKeys(table, [...rows.live, ...rows.ended], onCommand);
  return (
    <>
      <table ref={table} className={classes.table} aria-label={t.table}>
        <thead>
          <tr>
            <th scope="col">{t.columnCampaign}</th>
            <th scope="col">{t.columnState}</th>
            <th scope="col">{t.columnProgress}</th>
            <th scope="col" className={classes.right}>
              {t.columnFailures}
            </th>
            <th scope="col">{t.columnStartedBy}</th>
            <th scope="col">{t.columnCreated}</th>
            <th scope="col">
              <span className="hidden-text">{t.columnActions}</span>
            </th>
          </tr>
        </thead>
        <Section title={t.sectionLive} campaigns={rows.live} onCommand={onCommand} />
        <Section title={t.sectionEnded} campaigns={rows.ended} onCommand={onCommand} />
      </table>
      <footer className={classes.footer}>
        <Legend />
        <p role="status">{t.shown(rows.live.length + rows.ended.length)}</p>
        {more && (
          <Button variant="default" size="xs" onClick={more}>
            {t.older}
          </Button>
        )}
      </footer>
    </>
  );
}

interface SectionProps {
  title: string;
  campaigns: readonly CampaignSummary[];
  onCommand: (order: Order) => void;
}

function Section({ title, campaigns, onCommand }: SectionProps): ReactNode {
  const format = useFormat();
  if (campaigns.length === 0) return null;
  return (
    <tbody>
      <tr className={classes.section}>
        <th scope="rowgroup" colSpan={7}>
          {title} <span>{format.number(campaigns.length)}</span>
        </th>
      </tr>
      {campaigns.map((campaign) => (
        <CampaignRow key={campaign.campaignId} campaign={campaign} onCommand={onCommand} />
      ))}
    </tbody>
  );
}

/** j and k go from row to row, p and x act on the one in focus. */
function useKeys(
  table: RefObject<HTMLTableElement | null>,
  campaigns: readonly CampaignSummary[],
  onCommand: (order: Order) => void,
): void {
  const t = useStore(messages);
  const focused = (): HTMLElement | null | undefined =>
    document.activeElement?.closest<HTMLElement>('[data-campaign]');
  const go = (by: 1 | -1): void => {
    const all = [...(table.current?.querySelectorAll<HTMLElement>('[data-campaign]') ?? [])];
    const current = focused();
    const next = current ? all.indexOf(current) + by : by > 0 ? 0 : all.length - 1;
    all[Math.min(Math.max(next, 0), all.length - 1)]?.focus();
  };
  const command = (...wanted: readonly Command[]): void => {
    const campaign = campaigns.find(({ campaignId }) => campaignId === focused()?.dataset.campaign);
    const possible = campaign && commandsFor(campaign).find((each) => wanted.includes(each));
    if (possible) onCommand({ command: possible, campaign });
  };
  useShortcuts([
    { keys: 'j', words: t.keyNext, run: () => go(1) },
    { keys: 'k', words: t.keyPrevious, run: () => go(-1) },
    { keys: 'p', words: t.keyPause, run: () => command('pause', 'resume') },
    { keys: 'x', words: t.keyCancel, run: () => command('cancel') },
  ]);
}
