import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { CampaignSummary } from '../../api/schema.ts';
import { Legend } from '../../components/legend.tsx';
import { ListFooter, ListTable } from '../../components/list-table.tsx';
import { rowInFocus } from '../../components/row-keys.ts';
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
  useCommandKeys([...rows.live, ...rows.ended], onCommand);
  return (
    <>
      <ListTable
        label={t.table}
        keys={{ next: t.keyNext, previous: t.keyPrevious }}
        columns={[
          t.columnCampaign,
          t.columnState,
          t.columnProgress,
          { head: t.columnFailures, className: classes.right },
          t.columnStartedBy,
          { head: t.columnCreated, className: classes.wideOnly },
          { head: <span className="hidden-text">{t.columnActions}</span> },
        ]}
      >
        <Section title={t.sectionLive} campaigns={rows.live} onCommand={onCommand} />
        <Section title={t.sectionEnded} campaigns={rows.ended} onCommand={onCommand} />
      </ListTable>
      <ListFooter shown={t.shown(rows.live.length + rows.ended.length)} more={more} moreWords={t.older}>
        <Legend />
      </ListFooter>
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

/** p and x act on the campaign in focus. */
function useCommandKeys(campaigns: readonly CampaignSummary[], onCommand: (order: Order) => void): void {
  const t = useStore(messages);
  const command = (...wanted: readonly Command[]): void => {
    const campaign = campaigns.find(({ campaignId }) => campaignId === rowInFocus()?.dataset.campaign);
    const possible = campaign && commandsFor(campaign).find((each) => wanted.includes(each));
    if (possible) onCommand({ command: possible, campaign });
  };
  useShortcuts([
    { keys: 'p', words: t.keyPause, run: () => command('pause', 'resume') },
    { keys: 'x', words: t.keyCancel, run: () => command('cancel') },
  ]);
}
