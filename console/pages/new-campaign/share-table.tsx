import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import type { CampaignPreview } from '../../api/schema.ts';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { TextButton } from '../../components/text-button.tsx';
import { messages } from './en.ts';
import classes from './preview.module.css';

/** Rows before the others are asked for. */
const FIRST = 5;

interface ShareTableProps {
  title: string;
  /** The largest first. */
  shares: CampaignPreview['byModel'];
  total: number;
  /** Not named. */
  others?: CampaignPreview['otherSites'];
}

/** Terminals by one property: bars that are a table. */
export function ShareTable({ title, shares, total, others }: ShareTableProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const shown = open ? shares : shares.slice(0, FIRST);
  return (
    <div>
      <table className={classes.share}>
        <caption>{title}</caption>
        <thead className="hidden-text">
          <tr>
            <th scope="col">{title}</th>
            <th scope="col">{t.share}</th>
            <th scope="col">{t.terminalsColumn}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ value, terminals }) => (
            <tr key={value ?? ''}>
              <th scope="row">{value ?? t.unknown}</th>
              <td className={classes.bar}>
                <span style={{ width: `${(terminals / total) * 100}%` }} aria-hidden />
                <span className="hidden-text">{format.percent((terminals / total) * 100)}</span>
              </td>
              <td className={classes.number}>{format.number(terminals)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {open && others !== undefined && others.sites > 0 && (
        <p className={classes.others}>
          {t.otherSites({
            sites: format.number(others.sites),
            terminals: common.terminals(others.terminals),
          })}
        </p>
      )}
      {shares.length > FIRST && (
        <TextButton size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t.showFewer : t.showAll({ n: format.number(shares.length) })}
        </TextButton>
      )}
    </div>
  );
}
