/** `tpe audit …`: the trail of events, who did what, when and why, and the chain that keeps it from being changed. */
import { Option, type Command } from 'commander';
import type { AuditArchives, AuditHead, FoundEvent, TimelineEvent } from '../api/schemas/event.ts';
import { exportTrail } from './audit-export.ts';
import { type EventFilter, filterOf, withFilters } from './audit-filter.ts';
import { parseHead, verifyTrail } from './audit-verify.ts';
import { harmless, shorten } from './harmless.ts';
import { collect, positive, setup } from './options.ts';
import { type Column, fields, moment, print, printJson, printList, table } from './output.ts';

/** Characters of a reason in a table. */
const REASON_WIDTH = 60;

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the audit trail: who did what, when and why');

  withFilters(audit.command('search'))
    .description('find events, newest first')
    .addOption(new Option('--order <order>', 'of writing').choices(['asc', 'desc']).default('desc'))
    .option('--limit <n>', 'most events to show', positive, 50)
    .action(search);

  audit
    .command('timeline')
    .description('everything that has happened to a terminal, over all campaigns, newest first')
    .argument('<tpeId>')
    .option('--limit <n>', 'most events to show', positive, 50)
    .action(showTimeline);

  withFilters(audit.command('export'))
    .description('write events to a file, or to stdout')
    .addOption(
      new Option('--format <format>', 'NDJSON has what verify needs')
        .choices(['ndjson', 'csv'])
        .default('ndjson'),
    )
    .option('-o, --output <file>', 'a file that is there once it is complete; default stdout')
    .action(exportTrail);

  audit
    .command('head')
    .description('the end of the chain: keep it somewhere else, and verify against it later')
    .action(showHead);

  audit.command('archives').description('the months that have left the database').action(showArchives);

  audit
    .command('verify')
    .description('check that no event was changed, taken out or put in since it was sealed')
    .option('--file <file>', 'an archive, or an earlier export; may be repeated', collect)
    .option('--head <position:hash>', 'an end of the chain that was kept; may be repeated', parseHead)
    .action(verifyTrail);
}

async function search(
  { order, limit, ...filter }: EventFilter & { order: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<FoundEvent>('events', { ...filterOf(filter), order }, limit);
  printList(items, { json: options.json, none: 'No event.' }, [
    ...WHAT,
    { title: 'CAMPAIGN', value: (row) => row.campaignId },
    { title: 'TPE', value: (row) => row.tpeId },
    ...WHO,
  ]);
}

async function showTimeline(tpeId: string, { limit }: { limit: number }, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const path = `tpes/${encodeURIComponent(tpeId)}/events`;
  const items = await api.list<TimelineEvent>(path, {}, limit);
  printList(items, { json: options.json, none: 'Nothing has happened to this terminal yet.' }, [
    ...WHAT,
    { title: 'CAMPAIGN', value: (row) => row.campaignName && harmless(row.campaignName) },
    { title: 'VERSION', value: (row) => row.targetVersion },
    ...WHO,
  ]);
}

const WHAT: Column<FoundEvent>[] = [
  { title: 'POSITION', value: (row) => row.position, align: 'right' },
  { title: 'TIME', value: (row) => moment(row.occurredAt) },
  { title: 'TYPE', value: (row) => harmless(row.type) },
];

const WHO: Column<FoundEvent>[] = [
  { title: 'ACTOR', value: (row) => harmless(row.actor) },
  { title: 'REASON', value: (row) => row.reason && shorten(row.reason, REASON_WIDTH) },
];

async function showHead(_options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const head = await api.call<AuditHead>('audit/head');
  if (options.json) return printJson(head);
  const { position, hash, sealedAt, unsealed, lagSeconds } = head;
  const lag = unsealed > 0 ? `${unsealed}, the oldest for ${Math.round(lagSeconds)} s` : '0';
  print(
    fields([
      ['events sealed', position],
      ['last sealed', moment(sealedAt)],
      ['not sealed yet', lag],
    ]),
  );
  if (position > 0) print(`\nkeep this: ${position}:${hash}`);
}

async function showArchives(_options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const archives = await api.call<AuditArchives>('audit/archives');
  if (options.json) return printJson(archives);
  if (archives.items.length === 0) return print('No month has left the database yet.');
  print(
    table(archives.items, [
      { title: 'MONTH', value: (row) => row.month },
      { title: 'FILE', value: (row) => row.file },
      { title: 'EVENTS', value: (row) => row.events, align: 'right' },
      { title: 'FIRST', value: (row) => row.firstPosition, align: 'right' },
      { title: 'LAST', value: (row) => row.lastPosition, align: 'right' },
      { title: 'ARCHIVED', value: (row) => moment(row.archivedAt) },
      { title: 'SHA-256', value: (row) => row.sha256 },
    ]),
  );
}
