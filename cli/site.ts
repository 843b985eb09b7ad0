/** `tpe site …`: where sites are. */
import type { Command } from 'commander';
import { positive, setup } from './options.ts';
import { print, printJson, printList } from './output.ts';
import type { Site } from './types.ts';

export function addSiteCommands(program: Command): void {
  const site = program.command('site').description('sites and their time zones');

  site
    .command('list')
    .description('list sites')
    .option('--limit <n>', 'most sites to show', positive, 50)
    .action(listSites);

  site
    .command('set')
    .description('set the time zone of a site; maintenance windows go by it')
    .argument('<site>')
    .argument('<timeZone>', 'its name in the IANA database, for example Europe/Paris')
    .action(setSite);
}

async function listSites({ limit }: { limit: number }, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<Site>('sites', {}, limit);
  printList(items, { json: options.json, none: 'No site.' }, [
    { title: 'SITE', value: (row) => row.site },
    { title: 'TIME ZONE', value: (row) => (row.known ? row.timeZone : `${row.timeZone} (default)`) },
    { title: 'TERMINALS', value: (row) => row.terminals, align: 'right' },
  ]);
}

async function setSite(name: string, timeZone: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const site = await api.call<Site>(`sites/${encodeURIComponent(name)}`, {
    method: 'PUT',
    body: { timeZone },
  });
  if (options.json) return printJson(site);
  // No terminals may well be a misspelt name.
  print(`${site.site} is in ${site.timeZone}; it has ${site.terminals} terminals.`);
}
