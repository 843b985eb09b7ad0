/** The scenario `canary-fails`: the new version breaks on one model, and the campaign takes itself back. */
import { table } from '../cli/output.ts';
import type { CampaignDetail } from '../cli/types.ts';
import type { TerminalTruth } from '../tms/simulator/admin-routes.ts';
import type { StatusCounts } from '../workflows/status.ts';
import { type Outcome, type Scenario, simulateVendors, TARGET_VERSION } from './demo-scenario.ts';
import type { Stack } from './stack.ts';

const BROKEN_MODEL = 'A77';
/** Share of the terminals of that model on which the new version does not come up. */
const BROKEN_RATE = 0.4;

const gate = { minSuccessPercent: 80, soakSeconds: 3, onFailure: 'roll-back' } as const;

export const canaryFails: Scenario = {
  // A hundred have 10 pilots and 28 of the broken model; with fewer, a wave is no sample.
  minTerminals: 100,
  intro: [
    `Campaign to ${TARGET_VERSION}, which works on model A920 and breaks on ${BROKEN_MODEL}. Nobody knows that yet.`,
    '  Wave 1: the pilots of model A920, the canary. All will be well.',
    `  Wave 2: model ${BROKEN_MODEL}. More than 5 % fail: the campaign aborts and rolls back what it has changed.`,
    '  Wave 3: all others. They must never be asked for.',
  ].join('\n'),
  // An update takes 2 to 16 minutes: 2 to 16 seconds here.
  simulator: (fleet) =>
    simulateVendors(
      fleet,
      60,
      {
        latencyMs: { min: 1, max: 5 },
        lostAnswerRate: 0.01,
        overrides: [{ model: BROKEN_MODEL, version: TARGET_VERSION, failRate: BROKEN_RATE }],
      },
      { latencyMs: { min: 1, max: 10 } },
    ),
  request: {
    name: 'Demo: the canary fails',
    targetVersion: TARGET_VERSION,
    targets: { all: true },
    policy: {
      waves: [
        { name: 'canary', rule: 'tag "pilot" and model = "A920"', gate },
        { name: `model ${BROKEN_MODEL}`, rule: `model = "${BROKEN_MODEL}"`, gate },
        { name: 'rest', rest: true },
      ],
      failureThreshold: { percent: 5, minSample: 10, action: 'roll-back' },
      polling: {
        windows: [
          { everySeconds: 2, attempts: 10 },
          { everySeconds: 5, attempts: 8 },
        ],
      },
      deadlineSeconds: 60,
      cancelWithinSeconds: 60,
      progressEverySeconds: 1,
    },
  },
  outcome,
};

async function outcome(campaign: CampaignDetail, stack: Stack): Promise<Outcome> {
  const { waves, compensations } = campaign;
  const terminals = await readTerminals(stack);
  const changed = terminals.filter(({ version }) => version === TARGET_VERSION).length;
  const asked = terminals.filter(({ operations }) => operations.length > 0).length;
  return {
    story: tell(waves, compensations, { all: terminals.length, changed, asked }),
    problems: findProblems(campaign, waves, { changed, asked, notBack: compensations.FAILED ?? 0 }),
  };
}

/** The terminals as they really are. */
async function readTerminals({ ports }: Stack): Promise<TerminalTruth[]> {
  const response = await fetch(`http://127.0.0.1:${ports.simulatorTms}/terminals`);
  return ((await response.json()) as { terminals: TerminalTruth[] }).terminals;
}

function tell(
  waves: CampaignDetail['waves'],
  compensations: CampaignDetail['compensations'],
  { all, asked, changed }: { all: number; asked: number; changed: number },
): string {
  const rollBacks = Object.entries(compensations).map(([state, count]) => `${state} ${count}`);
  return [
    table(waves, [
      { title: 'WAVE', value: ({ wave, name }) => `${wave} ${name}` },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'TERMINALS', value: ({ total }) => total, align: 'right' },
      { title: 'WHAT HAPPENED', value: ({ counts }) => describeCounts(counts) },
    ]),
    '',
    `The TMSs were asked for ${asked} of ${all} terminals; the others were left in peace.`,
    `Roll-backs: ${rollBacks.join(' · ') || 'none'}.`,
    `Terminals that really run ${TARGET_VERSION} now: ${changed}.`,
  ].join('\n');
}

function describeCounts(counts: StatusCounts): string {
  return Object.entries(counts)
    .map(([status, count]) => `${status} ${count}`)
    .join(' · ');
}

function findProblems(
  { status }: CampaignDetail,
  waves: CampaignDetail['waves'],
  { changed, asked, notBack }: { changed: number; asked: number; notBack: number },
): string[] {
  const [canary, broken, rest] = waves;
  const begun = (canary?.total ?? 0) + (broken?.total ?? 0);
  const spared = rest?.counts.CANCELLED ?? 0;
  return [
    status === 'ABORTED' ? '' : `The campaign is ${status}, not ABORTED.`,
    rest && spared === rest.total
      ? ''
      : `Of the last wave, ${spared} of ${rest?.total ?? 'no'} terminals are CANCELLED.`,
    asked <= begun
      ? ''
      : `The TMSs were asked for ${asked} terminals, and the first two waves have ${begun}.`,
    changed <= notBack
      ? ''
      : `${changed} terminals still run ${TARGET_VERSION}, and only ${notBack} roll-backs are known to have failed.`,
  ].filter(Boolean);
}
