/** `tpe fleet …`: the terminals. */
import type { Command } from 'commander';
import { EXIT, failure } from './http.ts';
import { openInput } from './input.ts';
import { positive, setup } from './options.ts';
import { fields, moment, print, printJson, printList, table } from './output.ts';
import type { ErasureResult, ImportResult, Tpe, TpeDetail } from './types.ts';

export function addFleetCommands(program: Command): void {
  const fleet = program.command('fleet').description('the terminals');

  fleet
    .command('import')
    .description('import terminals from a CSV file; if any line is wrong, nothing is imported')
    .argument(
      '<file>',
      'CSV with the columns tpeId, idTms, tms, model, site, and optionally version, tags; - is stdin',
    )
    .action(importFile);

  fleet
    .command('list')
    .description('list terminals')
    .option('--model <model>')
    .option('--site <site>')
    .option('--tms <name>')
    .option('--version <version>', 'the version that they run')
    .option('--limit <n>', 'most terminals to show', positive, 50)
    .action(listTpes);

  fleet.command('show').description('a terminal and its campaigns').argument('<tpeId>').action(showTpe);

  fleet
    .command('erase')
    .description('erase what is known about the user of a terminal; it can not be undone')
    .argument('<tpeId>')
    .requiredOption('--reason <text>', 'why; kept for ever, so name nobody')
    .option('--by <who>', 'who erases')
    .option('--yes', 'it is meant: nothing is erased without it')
    .action(eraseTpe);
}

async function importFile(file: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const result = await api.call<ImportResult>('tpes/import', {
    method: 'POST',
    body: await openInput(file),
    headers: { 'content-type': 'text/csv' },
  });
  if (options.json) return printJson(result);
  const { imported, inserted, updated, unchanged } = result;
  print(`${imported} terminals imported: ${inserted} new, ${updated} changed, ${unchanged} as they were.`);
}

async function listTpes(
  {
    limit,
    model,
    site,
    tms,
    version,
  }: Record<'model' | 'site' | 'tms' | 'version', string | undefined> & { limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<Tpe>('tpes', { model, site, tms, version }, limit);
  printList(items, { json: options.json, none: 'No terminal.' }, [
    { title: 'TPE', value: (row) => row.tpeId },
    { title: 'TMS', value: (row) => row.tms },
    { title: 'ID AT TMS', value: (row) => row.idTms },
    { title: 'MODEL', value: (row) => row.model },
    { title: 'SITE', value: (row) => row.site },
    { title: 'VERSION', value: (row) => row.version },
    { title: 'TAGS', value: (row) => row.tags.join(' ') },
  ]);
}

async function eraseTpe(
  tpeId: string,
  { reason, by, yes }: { reason: string; by?: string; yes?: boolean },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  if (!yes) {
    const detail = `To erase terminal ${tpeId} can not be undone. Add --yes if it is meant.`;
    throw failure(EXIT.usage, 'Nothing was erased', detail);
  }
  const erased = await api.call<ErasureResult>(`tpes/${encodeURIComponent(tpeId)}`, {
    method: 'DELETE',
    body: { reason, by },
  });
  if (options.json) return printJson(erased);
  const { erasedBefore, campaigns, deadLetters } = erased;
  print(
    erasedBefore
      ? `Terminal ${tpeId} had been erased before; ${deadLetters} dead letters have been emptied now.`
      : `Terminal ${tpeId} is erased, in ${campaigns} campaigns and ${deadLetters} dead letters too.`,
  );
}

async function showTpe(tpeId: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const tpe = await api.call<TpeDetail>(`tpes/${encodeURIComponent(tpeId)}`);
  if (options.json) return printJson(tpe);
  print(
    fields([
      ['terminal', tpe.tpeId],
      ['TMS', `${tpe.tms} (${tpe.idTms})`],
      ['model', tpe.model],
      ['site', tpe.site],
      ['version', tpe.version],
      ['tags', tpe.tags.join(' ')],
      ['active', tpe.active ? 'yes' : 'no'],
      ['last seen', moment(tpe.lastSeen)],
    ]),
  );
  if (tpe.campaigns.length === 0) return;
  print('');
  print(
    table(tpe.campaigns, [
      { title: 'CAMPAIGN', value: (row) => row.campaignId },
      { title: 'NAME', value: (row) => row.name },
      { title: 'FROM', value: (row) => row.fromVersion },
      { title: 'TO', value: (row) => row.targetVersion },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'REASON', value: (row) => row.reason },
      { title: 'LAST UPDATE', value: (row) => moment(row.lastUpdate) },
    ]),
  );
}
