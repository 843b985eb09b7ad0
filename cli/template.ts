/** `tpe template …`: policies with a name. */
import type { Command } from 'commander';
import { readJsonInput } from './input.ts';
import { positive, setup } from './options.ts';
import { type Column, fields, moment, print, printJson, printList, table } from './output.ts';
import type { PolicyTemplate } from './types.ts';

export function addTemplateCommands(program: Command): void {
  const template = program.command('template').description('policies with a name, to start campaigns with');

  template
    .command('list')
    .description('list policy templates, the newest version of each')
    .option('--limit <n>', 'most templates to show', positive, 50)
    .action(listTemplates);

  template
    .command('show')
    .description('the newest version of a policy template, and the versions before it')
    .argument('<name>')
    .option('--limit <n>', 'most versions to show', positive, 20)
    .action(showTemplate);

  template
    .command('save')
    .description('save a policy as the next version of a template')
    .argument('<name>')
    .requiredOption('--policy <file>', 'JSON with the policy; - is stdin')
    .option('--description <text>', 'what it is for; default that of the version before')
    .option('--by <who>', 'who saves it')
    .action(saveTemplate);
}

const VERSION: Column<PolicyTemplate> = { title: 'VERSION', value: (row) => row.version, align: 'right' };
const HISTORY: Column<PolicyTemplate>[] = [
  { title: 'SAVED', value: (row) => moment(row.createdAt) },
  { title: 'BY', value: (row) => row.createdBy },
  { title: 'DESCRIPTION', value: (row) => row.description },
];

async function listTemplates({ limit }: { limit: number }, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<PolicyTemplate>('policy-templates', {}, limit);
  printList(items, { json: options.json, none: 'No policy template.' }, [
    { title: 'TEMPLATE', value: (row) => row.name },
    VERSION,
    ...HISTORY,
  ]);
}

async function showTemplate(name: string, { limit }: { limit: number }, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<PolicyTemplate>(`policy-templates/${encodeURIComponent(name)}`, {}, limit);
  if (options.json) return printJson({ items });
  const [newest, ...older] = items;
  if (!newest) return print('No policy template.');
  print(describe(newest));
  print(JSON.stringify(newest.policy, null, 2));
  if (older.length > 0) print(`\n${table(older, [VERSION, ...HISTORY])}`);
}

async function saveTemplate(
  name: string,
  { policy, description, by }: { policy: string; description?: string; by?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const saved = await api.call<PolicyTemplate>(`policy-templates/${encodeURIComponent(name)}`, {
    method: 'PUT',
    body: { policy: await readJsonInput(policy), description, by },
  });
  if (options.json) return printJson(saved);
  print(describe(saved));
}

function describe(row: PolicyTemplate): string {
  return fields([
    ['template', row.name],
    ['version', row.version],
    ['description', row.description],
    ['saved', `${moment(row.createdAt)} by ${row.createdBy}`],
  ]);
}
