/** `tpe group …` and `tpe rule …`: targeting rules, with and without a name. */
import type { Command } from 'commander';
import { positive, setup } from './options.ts';
import { fields, moment, print, printJson, printList } from './output.ts';
import type { Group, RuleChecked } from './types.ts';

export function addGroupCommands(program: Command): void {
  const group = program.command('group').description('targeting rules with a name');

  group
    .command('list')
    .description('list groups')
    .option('--limit <n>', 'most groups to show', positive, 50)
    .action(listGroups);

  group.command('show').description('a group and its rule').argument('<name>').action(showGroup);

  group
    .command('save')
    .description('save a rule under a name; other rules use it as group "name"')
    .argument('<name>')
    .requiredOption('--rule <rule>', 'the rule (docs/targeting.md)')
    .option('--description <text>', 'what it is for; default what is there')
    .option('--by <who>', 'who saves it')
    .action(saveGroup);

  group
    .command('delete')
    .description('delete a group that no other group uses')
    .argument('<name>')
    .action(deleteGroup);

  program
    .command('rule')
    .description('targeting rules')
    .command('check')
    .description('check a rule and count its terminals')
    .argument('<rule>')
    .action(checkRule);
}

async function listGroups({ limit }: { limit: number }, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<Group>('groups', {}, limit);
  printList(items, { json: options.json, none: 'No group.' }, [
    { title: 'GROUP', value: (row) => row.name },
    { title: 'RULE', value: (row) => row.rule.replace(/\s+/g, ' ') },
    { title: 'DESCRIPTION', value: (row) => row.description },
    { title: 'CHANGED', value: (row) => moment(row.updatedAt) },
    { title: 'BY', value: (row) => row.updatedBy },
  ]);
}

async function showGroup(name: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const found = await api.call<Group>(pathOf(name));
  if (options.json) return printJson(found);
  print(describe(found));
}

async function saveGroup(
  name: string,
  { rule, description, by }: { rule: string; description?: string; by?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const saved = await api.call<Group>(pathOf(name), { method: 'PUT', body: { rule, description, by } });
  if (options.json) return printJson(saved);
  print(describe(saved));
}

async function deleteGroup(name: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  await api.call(pathOf(name), { method: 'DELETE' });
  if (options.json) return printJson({ deleted: name });
  print(`The group ${name} is deleted.`);
}

async function checkRule(rule: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const checked = await api.call<RuleChecked>('rules/check', { method: 'POST', body: { rule } });
  if (options.json) return printJson(checked);
  print(
    fields([
      ['rule', checked.canonical],
      ...(checked.expanded === checked.canonical ? [] : [['expanded', checked.expanded] as const]),
      ['terminals', checked.terminals],
    ]),
  );
}

function pathOf(name: string): string {
  return `groups/${encodeURIComponent(name)}`;
}

function describe(row: Group): string {
  return fields([
    ['group', row.name],
    ['rule', row.rule],
    ['description', row.description],
    ['created', `${moment(row.createdAt)} by ${row.createdBy}`],
    ['changed', `${moment(row.updatedAt)} by ${row.updatedBy}`],
  ]);
}
