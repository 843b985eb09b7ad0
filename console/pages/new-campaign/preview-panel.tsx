import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { CampaignPreview } from '../../api/schema.ts';
import { AlertIcon } from '../../components/icons.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { ShareTable } from './share-table.tsx';
import type { Preview } from './use-preview.ts';
import classes from './preview.module.css';

interface PreviewPanelProps {
  preview: Preview;
  /** A problem that is shown at its field. */
  placed: boolean;
}

/** Who would be updated, and who not. */
export function PreviewPanel({
  preview: { found, current, error, retry },
  placed,
}: PreviewPanelProps): ReactNode {
  const t = useStore(messages);
  if (error !== null && !placed) return <ProblemNotice error={error} onRetry={retry} />;
  if (!found) return error === null && <p className={classes.wait}>{t.previewWait}</p>;
  return (
    <div className={classes.preview} aria-busy={!current} role="group" aria-label={t.preview}>
      <Figures found={found} />
      {found.refusals.map((code) => (
        <p key={code} className={classes.refusal}>
          <AlertIcon size={15} aria-hidden /> {t[`refusal-${code}`]}
        </p>
      ))}
      {found.total > 0 && (
        <div className={classes.shares}>
          <ShareTable title={t.byVersion} shares={found.byVersion} total={found.total} />
          <ShareTable title={t.byModel} shares={found.byModel} total={found.total} />
          <ShareTable title={t.bySite} shares={found.bySite} total={found.total} others={found.otherSites} />
          <ShareTable title={t.byTms} shares={found.byTms} total={found.total} />
        </div>
      )}
      {found.excluded.length > 0 && <Excluded excluded={found.excluded} />}
    </div>
  );
}

function Figures({ found: { total, eligible } }: { found: CampaignPreview }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const share = (part: number): string | undefined =>
    total > 0 ? format.percent((part / total) * 100) : undefined;
  return (
    <Stats label={t.preview}>
      <Stat label={t.previewTargets} value={format.number(total)} />
      <Stat label={t.previewEligible} value={format.number(eligible)} detail={share(eligible)} />
      <Stat
        label={t.previewExcluded}
        value={format.number(total - eligible)}
        detail={share(total - eligible)}
      />
    </Stats>
  );
}

function Excluded({ excluded }: Pick<CampaignPreview, 'excluded'>): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  return (
    <table className={classes.excluded}>
      <caption>{t.excludedTitle}</caption>
      <thead>
        <tr>
          <th scope="col">{t.excludedReason}</th>
          <th scope="col" className={classes.number}>
            {t.terminalsColumn}
          </th>
          <th scope="col">{t.excludedExamples}</th>
        </tr>
      </thead>
      <tbody>
        {excluded.map(({ reason, count, sample }) => (
          <tr key={reason}>
            <th scope="row">{t[`why-${reason}`]}</th>
            <td className={classes.number} title={common.terminals(count)}>
              {format.number(count)}
            </td>
            <td className={classes.examples}>
              {sample.map((tpeId) => (
                <Example key={tpeId} tpeId={tpeId} />
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The beginning of an id tells terminals apart well enough. */
function Example({ tpeId }: { tpeId: string }): ReactNode {
  const short = tpeId.slice(0, 8);
  if (!hasPage('terminal')) return <code title={tpeId}>{short}</code>;
  return (
    <Link href={pathOf('terminal', { tpeId })} title={tpeId}>
      <code>{short}</code>
    </Link>
  );
}
