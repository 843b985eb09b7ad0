/** A preview as people read it. */
import { fields, print, table } from './output.ts';
import type { CampaignPreview } from './types.ts';

/** Lines of each table; `--json` has all that the API gives. */
const SHOWN = 10;

export function printPreview(preview: CampaignPreview): void {
  const { total, eligible, refusals } = preview;
  print(
    fields([
      ['targets', total],
      ['to be updated', eligible],
      ['skipped', total - eligible],
      ['would be refused', refusals.length > 0 ? refusals.join(', ') : 'no'],
    ]),
  );
  section(
    preview.excluded.map(({ reason, count, sample }) => ({ value: reason, terminals: count, sample })),
    'SKIPPED BECAUSE',
    ({ sample = [] }) => sample[0],
  );
  section(
    preview.waves.map(({ wave, name, terminals }) => ({ value: `${wave} ${name}`, terminals })),
    preview.wavesExact ? 'WAVE' : 'WAVE (ABOUT)',
  );
  section(preview.byModel, 'MODEL');
  section(preview.byVersion, 'RUNS');
  section(preview.byTms, 'TMS');
  const sites = preview.bySite.slice(0, SHOWN);
  const hidden = preview.bySite.slice(SHOWN);
  const others = hidden.length + preview.otherSites.sites;
  const elsewhere = hidden.reduce((sum, { terminals }) => sum + terminals, preview.otherSites.terminals);
  section(others > 0 ? [...sites, { value: `${others} others`, terminals: elsewhere }] : sites, 'SITE');
}

interface Line {
  value: string | null;
  terminals: number;
  sample?: string[];
}

/** A table with an empty line before it, or nothing where it would have no line. */
function section(lines: readonly Line[], title: string, example?: (line: Line) => string | undefined): void {
  if (lines.length === 0) return;
  print('');
  print(
    table(lines.slice(0, SHOWN + 1), [
      { title, value: ({ value }) => value ?? 'unknown' },
      { title: 'TERMINALS', value: ({ terminals }) => terminals, align: 'right' },
      ...(example ? [{ title: 'ONE OF THEM', value: example }] : []),
    ]),
  );
}
