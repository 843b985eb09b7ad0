import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { Campaign, CampaignWave } from '../../api/schema.ts';
import {
  ApprovalIcon,
  CancelIcon,
  FailedIcon,
  InstallingIcon,
  PendingIcon,
  SuccessIcon,
  WaitIcon,
  type Icon,
} from '../../components/icons.ts';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { isEnded, type Tone } from '../../components/status.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { wavesOf, type Gate, type WaveView } from './waves.ts';
import classes from './campaign.module.css';

interface WaveTableProps {
  campaign: Campaign;
  /** Shows the terminals of a wave. */
  onWave: (wave: number) => void;
}

/** The waves in their order: how far each is, and how far from its gate. */
export function WaveTable({ campaign, onWave }: WaveTableProps): ReactNode {
  const t = useStore(messages);
  const waves = wavesOf(campaign);
  if (waves.length === 0) return null;
  return (
    <section className={classes.card}>
      <h2>{t.waves}</h2>
      <table className={classes.waves}>
        <thead>
          <tr>
            <th scope="col">{t.columnWave}</th>
            <th scope="col">{t.columnState}</th>
            <th scope="col">{t.columnProgress}</th>
            <th scope="col">{t.columnGate}</th>
          </tr>
        </thead>
        <tbody>
          {waves.map((wave) => (
            <tr key={wave.wave} data-wave={wave.wave}>
              <th scope="row">
                <button type="button" className={classes.link} onClick={() => onWave(wave.wave)}>
                  <span className={classes.number}>{wave.wave}</span> {wave.name}
                </button>
              </th>
              <td>
                <WaveState wave={wave} over={isEnded(campaign.status)} />
              </td>
              <td>
                <WaveProgress wave={wave} />
              </td>
              <td>
                <GateState wave={wave} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const LOOKS: Record<CampaignWave['state'], { icon: Icon; tone: Tone }> = {
  WAITING: { icon: PendingIcon, tone: 'pending' },
  RUNNING: { icon: InstallingIcon, tone: 'installing' },
  SOAKING: { icon: WaitIcon, tone: 'requested' },
  AWAITING_APPROVAL: { icon: ApprovalIcon, tone: 'approval' },
  PASSED: { icon: SuccessIcon, tone: 'success' },
  FAILED: { icon: FailedIcon, tone: 'failed' },
  CANCELLED: { icon: CancelIcon, tone: 'cancelled' },
};

/** @param over the campaign has ended: what has not begun never will */
function WaveState({ wave, over }: { wave: WaveView; over: boolean }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { icon: Shown, tone } = LOOKS[wave.state];
  const never = over && wave.state === 'WAITING';
  const note =
    wave.soaksUntil === undefined ? wave.detail : t.soaksUntil({ when: format.dateTime(wave.soaksUntil) });
  return (
    <>
      <span className={classes.waveState} data-tone={tone}>
        <Shown size={13} strokeWidth={2.4} aria-hidden /> {never ? t.waveNEVER : t[`wave${wave.state}`]}
      </span>
      {note !== null && <p className={classes.note}>{note}</p>}
    </>
  );
}

function WaveProgress({ wave: { counts, total } }: { wave: WaveView }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { SUCCESS = 0, FAILED = 0, TIMEOUT = 0, CANCELLED = 0, SKIPPED = 0 } = counts;
  const final = SUCCESS + FAILED + TIMEOUT + CANCELLED + SKIPPED;
  return (
    <>
      <ProgressBar counts={counts} total={total} />
      <p className={classes.numbers}>
        {t.ofTerminals({ done: format.number(final), total: format.number(total) })}
        {FAILED + TIMEOUT > 0 && <span>{t.failed(FAILED + TIMEOUT)}</span>}
      </p>
    </>
  );
}

function GateState({ wave: { gate, successPercent, counts } }: { wave: WaveView }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const begun = Object.keys(counts).some((status) => status !== 'PENDING' && status !== 'SKIPPED');
  const rate = successPercent === undefined || !begun ? undefined : format.percent(successPercent);
  if (!gate) {
    return (
      <>
        {rate !== undefined && <p>{t.updatedRate({ rate })}</p>}
        <p className={classes.note}>{t.noGate}</p>
      </>
    );
  }
  const needed = format.percent(gate.minSuccessPercent);
  const met = begun && successPercent !== undefined && successPercent >= gate.minSuccessPercent;
  return (
    <>
      <p className={classes.gate} data-met={met}>
        {met && <SuccessIcon size={14} strokeWidth={2.4} aria-hidden />}
        {rate === undefined ? t.gateNeeded({ needed }) : t.rateOfGate({ rate, needed })}
        {met && <span className="hidden-text">{t.gateMet}</span>}
      </p>
      <GateTerms gate={gate} />
    </>
  );
}

function GateTerms({ gate }: { gate: Gate }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const terms = [
    ...(gate.soakSeconds > 0 ? [t.gateSoak({ duration: format.duration(gate.soakSeconds) })] : []),
    ...(gate.approval ? [t.gateApproval] : []),
    t[`gateElse_${gate.onFailure}`],
  ];
  return <p className={classes.note}>{terms.join(' · ')}</p>;
}
