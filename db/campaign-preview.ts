/** What a campaign would do if it were created now. */
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { prepareSelection, targetRows, type CampaignTargets, type Selection } from './campaign-targets.ts';
import { waveRules } from './campaign-waves.ts';
import { Parameters } from './parameters.ts';
import { inSnapshot, type Pool, type Queryable } from './pool.ts';
import { readTotals, type Counted, type Group } from './preview-totals.ts';
import { lettersSql, matchesSql, previewWaves, type Alike, type WavePreview } from './preview-waves.ts';
import {
  isBusy,
  NOT_BUSY,
  SKIP_REASONS,
  skipReason,
  type SkipOptions,
  type SkipReason,
} from './skip-reason.ts';

export interface Share {
  /** Null: unknown. */
  value: string | null;
  terminals: number;
}

export interface PreviewTpe {
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  version: string | null;
}

export interface CampaignPreview {
  /** Targets. */
  total: number;
  /** Of them, those that would be updated. */
  eligible: number;
  byModel: Share[];
  /** The largest ones. */
  bySite: Share[];
  otherSites: { sites: number; terminals: number };
  byVersion: Share[];
  byTms: Share[];
  excluded: { reason: SkipReason; count: number; sample: string[] }[];
  waves: WavePreview[];
  /** Whether the sizes of the waves are exact, or about what they will be. */
  wavesExact: boolean;
  /** The first that would be updated, by their place in the list or their ids. */
  sample: PreviewTpe[];
}

export interface PreviewInput {
  targetVersion: string;
  targets: CampaignTargets;
  /** With the groups of its waves' rules replaced. */
  policy: Pick<CampaignPolicy, 'waves' | 'order'>;
  /** Names of the TMSs that are configured. */
  tmsNames: readonly string[];
}

const SAMPLE = 20;
const EXCLUDED_SAMPLE = 5;

/** Below so many, sorting what is found is faster than looking for it in the order of the ids. */
const FEW = 10_000;

/** Reads the preview, all of it from one state of the database. */
export async function previewCampaign(pool: Pool, input: PreviewInput): Promise<CampaignPreview> {
  const { targetVersion, targets, policy, tmsNames } = input;
  return inSnapshot(pool, async (db) => {
    const selection = await prepareSelection(db, targets, [...waveRules(policy).values()]);
    const options = { targetVersion, tmsNames, listed: selection.rule === null };
    const { groups, sites } = await readTotals(db, selection, policy, options);
    const busy = await readBusy(db, selection, policy, options);
    const total = sum(groups);
    const due = dueByMatches(groups, busy);
    const eligible = sum(due);
    const waves = await previewWaves(db, selection, policy, { ...options, due, total });
    return {
      total,
      eligible,
      byModel: shares(groups, ({ model }) => model),
      bySite: sites.largest.map(({ site, terminals }) => ({ value: site, terminals })),
      otherSites: { sites: sites.sites - sites.largest.length, terminals: total - sum(sites.largest) },
      byVersion: shares(groups, ({ version }) => version),
      byTms: shares(groups, ({ tms }) => tms),
      excluded: await readExcluded(db, groups, busy),
      ...waves,
      sample: eligible === 0 ? [] : await readSample(db, selection, options, eligible),
    };
  });
}

/** The targets that would be updated if no other campaign had them. */
async function readBusy(
  db: Queryable,
  selection: Selection,
  policy: PreviewInput['policy'],
  options: SkipOptions,
): Promise<Counted[]> {
  const parameters = new Parameters();
  const { from, where } = targetRows(selection, parameters);
  const { rows } = await db.query<Counted>(
    `SELECT ${lettersSql(matchesSql(policy, selection, parameters))} AS matches, t.model,
            count(*)::integer AS terminals, min(t.ctid)::text AS example
     FROM ${from} JOIN campaign_tpe c ON c.tpe_id = t.tpe_id AND ${isBusy('c')}
     WHERE ${where} AND ${skipReason(options, null, parameters)} IS NULL GROUP BY 1, 2`,
    parameters.values,
  );
  return rows;
}

function dueByMatches(groups: readonly Group[], busy: readonly Counted[]): Alike[] {
  const due = new Map<string, number>();
  for (const { matches, reason, terminals } of groups) {
    if (reason === null) due.set(matches, (due.get(matches) ?? 0) + terminals);
  }
  for (const { matches, terminals } of busy) due.set(matches, (due.get(matches) ?? 0) - terminals);
  return [...due].map(([matches, terminals]) => ({ matches, terminals }));
}

/** With one terminal of each group that has the reason: they differ in model, TMS or version. */
async function readExcluded(
  db: Queryable,
  groups: readonly Group[],
  busy: readonly Counted[],
): Promise<CampaignPreview['excluded']> {
  const byReason = new Map<SkipReason | null, readonly Counted[]>(
    Map.groupBy(groups, ({ reason }) => reason),
  );
  byReason.set('in-another-campaign', busy);
  const found = SKIP_REASONS.flatMap((reason) => {
    const members = byReason.get(reason) ?? [];
    const examples = members.slice(0, EXCLUDED_SAMPLE).map(({ example }) => example);
    return members.length > 0 ? [{ reason, count: sum(members), examples }] : [];
  });
  const { rows } = await db.query<{ place: string; tpeId: string }>(
    'SELECT ctid::text AS place, tpe_id AS "tpeId" FROM tpe WHERE ctid = ANY($1::tid[])',
    [found.flatMap(({ examples }) => examples)],
  );
  const ids = new Map(rows.map(({ place, tpeId }) => [place, tpeId]));
  return found.map(({ examples, ...each }) => ({
    ...each,
    sample: examples.flatMap((place) => ids.get(place) ?? []),
  }));
}

async function readSample(
  db: Queryable,
  selection: Selection,
  options: SkipOptions,
  eligible: number,
): Promise<PreviewTpe[]> {
  const parameters = new Parameters();
  const { from, where, place } = targetRows(selection, parameters);
  const { rows } = await db.query<PreviewTpe>(
    `WITH due AS ${eligible < FEW ? 'MATERIALIZED' : 'NOT MATERIALIZED'} (
       SELECT t.*, ${place} AS place FROM ${from}
       WHERE ${where} AND ${skipReason(options, null, parameters)} IS NULL AND ${NOT_BUSY}
     )
     SELECT tpe_id AS "tpeId", id_tms AS "idTms", tms, model, site, version_courante AS version
     FROM due ORDER BY ${selection.rule === null ? 'place' : 'tpe_id'} LIMIT ${SAMPLE}`,
    parameters.values,
  );
  return rows;
}

function sum(rows: readonly { terminals: number }[]): number {
  return rows.reduce((total, { terminals }) => total + terminals, 0);
}

/** Terminals by one property, the largest share first. */
function shares(groups: readonly Group[], of: (group: Group) => string | null): Share[] {
  return [...Map.groupBy(groups, of)]
    .map(([value, members]) => ({ value, terminals: sum(members) }))
    .sort((a, b) => b.terminals - a.terminals || (String(a.value) < String(b.value) ? -1 : 1));
}
