import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { TpeDetail } from '../../api/schema.ts';
import { Stat, Stats } from '../../components/stat.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { currentOf, isOpen, isRollingBack } from './history.ts';
import classes from './terminal.module.css';

/** What the terminal is and runs. */
export function Facts({ terminal }: { terminal: TpeDetail }): ReactNode {
  const t = useStore(messages);
  const { version, model, site, tms, idTms, tags, lastSeen } = terminal;
  const current = currentOf(terminal.campaigns);
  const target = current && isOpen(current) && !isRollingBack(current) ? current.targetVersion : undefined;
  return (
    <>
      <Stats label={t.facts}>
        <Stat label={t.factState} value={<State terminal={terminal} />} />
        <Stat
          label={t.factVersion}
          value={<span className={classes.fact}>{version ?? t.unknown}</span>}
          {...(target !== undefined && target !== version && { detail: `→ ${target}` })}
        />
        <Stat
          label={t.factSeen}
          value={
            <span className={classes.fact}>
              {lastSeen === null ? t.never : <TimeAgo instant={lastSeen} />}
            </span>
          }
        />
        <Stat label={t.factModel} value={<Fact field="model" value={model} />} />
        <Stat label={t.factSite} value={<Fact field="site" value={site} />} />
        <Stat label={t.factTms} value={<Fact field="tms" value={tms} />} detail={t.knownAs({ id: idTms })} />
      </Stats>
      {tags.length > 0 && (
        <ul className={classes.tags} aria-label={t.tags}>
          {tags.map((tag) => (
            <li key={tag}>{tag}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Leads to the others that have it, too. */
function Fact({ field, value }: { field: 'model' | 'site' | 'tms'; value: string }): ReactNode {
  if (!hasPage('fleet')) return <span className={classes.fact}>{value}</span>;
  const search = new URLSearchParams({ [field]: value }).toString();
  return (
    <Link href={`${pathOf('fleet')}?${search}`} className={classes.fact}>
      {value}
    </Link>
  );
}

function State({ terminal: { campaigns } }: { terminal: TpeDetail }): ReactNode {
  const t = useStore(messages);
  const current = currentOf(campaigns);
  if (!current) return <span className={classes.fact}>{t.noUpdate}</span>;
  return (
    <StatusBadge status={isRollingBack(current) ? { campaign: 'ROLLING_BACK' } : { tpe: current.status }} />
  );
}
