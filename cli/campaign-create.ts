/** `tpe campaign create`. */
import { createReadStream } from 'node:fs';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { requireReadable } from './fleet.ts';
import { CliError, EXIT } from './http.ts';
import { setup } from './options.ts';
import { fields, print, printJson } from './output.ts';
import type { CampaignCreated } from './types.ts';
import { watchCampaign } from './watch.ts';

interface CreateOptions {
  version: string;
  all?: boolean;
  tpe?: string[];
  file?: string;
  model?: string;
  site?: string;
  tms?: string;
  versionBelow?: string;
  name?: string;
  schedule?: string;
  by?: string;
  idempotencyKey?: string;
  watch?: boolean;
}

export async function createCampaign(given: CreateOptions, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const targets = await readTargets(given);
  const created = await api.call<CampaignCreated>('campaigns', {
    method: 'POST',
    body: {
      name: given.name,
      targetVersion: given.version,
      targets,
      ...(given.schedule !== undefined && { policy: { polling: { schedule: given.schedule } } }),
      createdBy: given.by ?? whoAmI(),
    },
    headers: given.idempotencyKey === undefined ? {} : { 'idempotency-key': given.idempotencyKey },
  });
  if (options.json) printJson(created);
  else {
    print(
      fields([
        ['campaign', created.campaignId],
        ['name', created.name],
        ['version', created.targetVersion],
        ['terminals', created.targets],
        ['Temporal', created.links.temporal],
      ]),
    );
  }
  if (given.watch) await watchCampaign(api, created.campaignId, { json: options.json ?? false });
}

/** Exactly one way to name the terminals; several conditions of a filter are one way. */
async function readTargets(given: CreateOptions): Promise<Record<string, unknown>> {
  const { model, site, tms, versionBelow } = given;
  const filter = { model, site, tms, versionBelow };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const ways = [given.all, given.tpe, given.file, filtered].filter(Boolean).length;
  if (ways !== 1) {
    throw new CliError(EXIT.usage, {
      type: 'about:blank',
      title: 'Which terminals?',
      detail:
        'Give exactly one of --all, --tpe, --file, or a filter of --model, --site, --tms, --version-below.',
    });
  }
  if (given.all) return { all: true };
  if (given.tpe) return { tpeIds: given.tpe };
  if (given.file !== undefined) return { tpeIds: await readIds(given.file) };
  return { filter };
}

/** One id per line; empty lines and what follows a # count for nothing. */
async function readIds(file: string): Promise<string[]> {
  if (file !== '-') await requireReadable(file);
  const content = await text(file === '-' ? process.stdin : createReadStream(file));
  return content
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** Who runs the command; undefined where the system does not know. */
function whoAmI(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
