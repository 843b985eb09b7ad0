import { useStore } from '@nanostores/react';
import { useMemo, useState, type ReactNode } from 'react';
import type { CampaignPreview, PolicyRequest } from '../../api/schema.ts';
import { useFormat } from '../../i18n/format.ts';
import { $now } from '../../state/now.ts';
import { TextButton } from '../../components/text-button.tsx';
import { messages } from './en.ts';
import { estimateWaves, type Estimate } from './estimate.ts';
import { TimelinePicture } from './timeline-picture.tsx';
import { TimelineTable } from './timeline-table.tsx';
import type { UpdateTime } from './use-update-time.ts';
import classes from './timeline.module.css';

export interface TimelineProps {
  preview: CampaignPreview;
  policy: PolicyRequest;
  updateTime: UpdateTime;
  /** The time zone of the most terminals. */
  zone: string;
}

/** When each wave would run: a picture, or the same as a table. */
export default function Timeline({ preview, policy, updateTime, zone }: TimelineProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const now = useStore($now);
  const [table, setTable] = useState(false);
  const found = useMemo(
    () => tryEstimate(preview, policy, { now, updateSeconds: updateTime.seconds, zone }),
    [preview, policy, now, updateTime.seconds, zone],
  );
  if (!found) return null;
  return (
    <figure className={classes.timeline} aria-label={t.timeline}>
      <figcaption className={classes.head}>
        <span>
          <b>{t.timeline}</b>
          {found.waves.length > 0 && <span> {t.reviewEnds({ when: format.dateTime(found.endsAt) })}</span>}
        </span>
        <TextButton size="small" aria-pressed={table} onClick={() => setTable(!table)}>
          {table ? t.timelinePicture : t.timelineTable}
        </TextButton>
      </figcaption>
      {found.waves.length === 0 && <p className={classes.warning}>{t.nothingAsked}</p>}
      {found.waves.length > 0 &&
        (table ? <TimelineTable found={found} /> : <TimelinePicture found={found} />)}
      {found.waves.length > 0 && found.left >= 1 && (
        <p className={classes.warning}>{t.notAsked(Math.round(found.left))}</p>
      )}
      <Assumed preview={preview} policy={policy} updateTime={updateTime} zone={zone} found={found} />
    </figure>
  );
}

/** Undefined for a zone that this browser does not know. */
function tryEstimate(
  preview: CampaignPreview,
  policy: PolicyRequest,
  assumed: Parameters<typeof estimateWaves>[2],
): Estimate | undefined {
  try {
    return estimateWaves(preview.waves, policy, assumed);
  } catch {
    return undefined;
  }
}

/** What the estimate goes by, so that nobody takes it for a promise. */
function Assumed({
  preview,
  policy,
  updateTime,
  zone,
  found,
}: TimelineProps & { found: Estimate }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const duration = format.duration(updateTime.seconds);
  const { maintenance } = policy;
  const sentences = [
    updateTime.measured ? t.assumesMeasured({ duration }) : t.assumesGuess({ duration }),
    ...(policy.rate ? [] : [t.assumesFree]),
    ...(found.waves.some(({ approval }) => approval) || policy.approval === 'four-eyes'
      ? [t.assumesApproval]
      : []),
    ...(maintenance && !maintenance.timeZone ? [t.assumesZone({ zone })] : []),
    ...(preview.wavesExact ? [] : [t.aboutSizes]),
  ];
  return <p className={classes.assumed}>{sentences.join(' ')}</p>;
}
