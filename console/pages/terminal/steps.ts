/** What has happened to a terminal, in words. */
import type { StoreValue } from 'nanostores';
import type { TimelineEvent } from '../../api/schema.ts';
import {
  AlertIcon,
  CancelIcon,
  FailedIcon,
  InstallingIcon,
  PendingIcon,
  RefreshIcon,
  RequestedIcon,
  RollBackIcon,
  SkippedIcon,
  SuccessIcon,
  TimeoutIcon,
  type Icon,
} from '../../components/icons.ts';
import type { Tone } from '../../components/status.ts';
import type { messages } from './en.ts';
import { reasonInWords } from './reasons.ts';

type Words = StoreValue<typeof messages>;

export interface Step {
  icon: Icon;
  tone: Tone;
  words: string;
}

interface Told {
  t: Words;
  tms: string;
  /** The version that it was to run, and the one before; "another version" where it is not known. */
  target: string;
  before: string;
  /** The version that it reported. */
  version: string | undefined;
  attempt: number;
  reason: string;
  /** The reason as the platform has it. */
  code: string | null;
  tmsState: string | undefined;
  actor: string;
}

type Teller = { icon: Icon; tone: Tone; say: (told: Told) => string };

const TELLERS: Record<string, Teller> = {
  'tpe.ordered': { icon: PendingIcon, tone: 'pending', say: ({ t, actor }) => t.stepOrdered({ by: actor }) },
  'tpe.requested': {
    icon: RequestedIcon,
    tone: 'requested',
    say: ({ t, tms, target, attempt }) =>
      attempt > 1
        ? t.stepAskedAgain({ tms, version: target, attempt: String(attempt) })
        : t.stepAsked({ tms, version: target }),
  },
  'tpe.installing': {
    icon: InstallingIcon,
    tone: 'installing',
    say: ({ t, tms, tmsState }) =>
      tmsState === undefined ? t.stepInstalling : t.stepInstallingAs({ tms, state: tmsState }),
  },
  'tpe.success': {
    icon: SuccessIcon,
    tone: 'success',
    say: ({ t, version, target }) => t.stepVerified({ version: version ?? target }),
  },
  'tpe.failed': {
    icon: FailedIcon,
    tone: 'failed',
    say: ({ t, tms, code, reason }) =>
      code?.startsWith('rejected:') ? t.stepRefused({ tms, reason }) : t.stepFailed({ reason }),
  },
  'tpe.timeout': { icon: TimeoutIcon, tone: 'timeout', say: ({ t, reason }) => t.stepTimeout({ reason }) },
  'tpe.cancelled': {
    icon: CancelIcon,
    tone: 'cancelled',
    say: ({ t, reason }) => t.stepCancelled({ reason }),
  },
  'tpe.skipped': { icon: SkippedIcon, tone: 'skipped', say: ({ t, reason }) => t.stepSkipped({ reason }) },
  'tpe.retrying': {
    icon: RefreshIcon,
    tone: 'timeout',
    say: ({ t, attempt, reason }) => t.stepRetried({ attempt: String(attempt - 1), reason }),
  },
  'tpe.rolling-back': {
    icon: RollBackIcon,
    tone: 'cancelled',
    say: ({ t, before }) => t.stepRollingBack({ version: before }),
  },
  'tpe.rollback-requested': {
    icon: RollBackIcon,
    tone: 'requested',
    say: ({ t, tms, before }) => t.stepRollBackAsked({ tms, version: before }),
  },
  'tpe.rolled-back': {
    icon: RollBackIcon,
    tone: 'success',
    say: ({ t, code, version, before }) =>
      code === 'unchanged'
        ? t.stepUnchanged({ version: version ?? before })
        : t.stepRolledBack({ version: version ?? before }),
  },
  'tpe.rollback-left': { icon: CancelIcon, tone: 'cancelled', say: ({ t }) => t.stepRollBackLeft },
  'tpe.rollback-failed': {
    icon: FailedIcon,
    tone: 'failed',
    say: ({ t, reason }) => t.stepRollBackFailed({ reason }),
  },
  'tpe.erased': { icon: AlertIcon, tone: 'cancelled', say: ({ t }) => t.stepErased },
};

/**
 * An event as a step; what is not known here is shown as it is.
 * @param before the version that the terminal ran before the campaign of the event
 */
export function stepOf(t: Words, event: TimelineEvent, before: string | null): Step {
  const { type, reason: code, data, actor } = event;
  const teller = TELLERS[type];
  const reason = code === null ? t.noReason : reasonInWords(t, code);
  if (!teller)
    return { icon: AlertIcon, tone: 'pending', words: code === null ? type : `${type}: ${reason}` };
  const words = teller.say({
    t,
    tms: textOf(data.tms) ?? t.theTms,
    target: event.targetVersion ?? t.anotherVersion,
    before: before ?? t.anotherVersion,
    version: textOf(data.version),
    attempt: typeof data.attempt === 'number' ? data.attempt : 1,
    reason,
    code,
    tmsState: textOf(data.tmsState),
    actor,
  });
  return { icon: teller.icon, tone: teller.tone, words };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
