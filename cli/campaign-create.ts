/** `tpe campaign create` and `tpe campaign preview`. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { readJsonInput, withMembers } from './input.ts';
import { setup } from './options.ts';
import { fields, print, printJson } from './output.ts';
import { printPreview } from './preview.ts';
import { readTargets, type TargetOptions } from './targets.ts';
import type { CampaignCreated, CampaignPreview } from './types.ts';
import { watchCampaign } from './watch.ts';

interface PlanOptions extends TargetOptions {
  version: string;
  busy?: string;
  schedule?: string;
  policy?: string;
  template?: string;
  startAt?: string;
}

interface CreateOptions extends PlanOptions {
  name?: string;
  by?: string;
  idempotencyKey?: string;
  watch?: boolean;
}

export async function createCampaign(given: CreateOptions, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const created = await api.call<CampaignCreated>('campaigns', {
    method: 'POST',
    body: { ...(await readPlan(given)), name: given.name, createdBy: given.by ?? whoAmI() },
    headers: given.idempotencyKey === undefined ? {} : { 'idempotency-key': given.idempotencyKey },
  });
  printCreated(created, options.json ?? false);
  if (given.watch) await watchCampaign(api, created.campaignId, { json: options.json ?? false });
}

export function printCreated(created: CampaignCreated, json: boolean): void {
  if (json) return printJson(created);
  print(
    fields([
      ['campaign', created.campaignId],
      ['name', created.name],
      ['version', created.targetVersion],
      ['status', created.status],
      ['terminals', created.targets],
      ['Temporal', created.links.temporal],
    ]),
  );
}

export async function previewCampaign(given: PlanOptions, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const preview = await api.call<CampaignPreview>('campaigns/preview', {
    method: 'POST',
    body: await readPlan(given),
  });
  if (options.json) return printJson(preview);
  printPreview(preview);
}

/** Who is updated and how, as the API takes it. */
async function readPlan(given: PlanOptions): Promise<Record<string, unknown>> {
  return {
    targetVersion: given.version,
    targets: await readTargets(given),
    busy: given.busy,
    policyTemplate: given.template,
    policy: await readPolicy(given),
  };
}

/** The file with what other options say on top; undefined where nothing was said. */
async function readPolicy({ policy: file, schedule, startAt }: PlanOptions): Promise<unknown> {
  const base = file === undefined ? undefined : await readJsonInput(file);
  const own = {
    ...(schedule !== undefined && { polling: { schedule } }),
    ...(startAt !== undefined && { startAt }),
  };
  return Object.keys(own).length === 0 ? base : withMembers(base ?? {}, own);
}

/** Who runs the command; undefined where the system does not know. */
export function whoAmI(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
