/** Watches a campaign to its end: a live bar on a terminal, one line per change elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { EventSource } from 'eventsource';
import { type ApiClient, EXIT, failure, unreachable } from './http.ts';
import { print, printJson } from './output.ts';
import { statusTable } from './status-table.ts';
import type { Progress } from './types.ts';

/** How long the API may be away before watching it is given up. */
const GIVE_UP_MS = 60_000;

/**
 * Shows the progress until the campaign has ended; connects again after an interruption.
 * @throws CliError when there is no such campaign, or the API stays away
 */
export async function watchCampaign(
  api: ApiClient,
  campaignId: string,
  { json }: { json: boolean },
): Promise<void> {
  const path = `campaigns/${encodeURIComponent(campaignId)}`;
  // Also tells a wrong id, and an API that is not there, before anything is drawn.
  await api.call(path);
  const show = json ? showJson() : process.stdout.isTTY ? showBar() : showLines();
  try {
    await follow(api, `${path}/stream`, show);
  } finally {
    show.stop();
  }
}

interface Display {
  progress(progress: Progress, ended: boolean): void;
  interrupted(): void;
  stop(): void;
}

function follow(api: ApiClient, path: string, show: Display): Promise<void> {
  const url = api.address(path);
  const source = new EventSource(url);
  let givingUp: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve, reject) => {
    const parse = ({ data }: { data: string }): Progress => JSON.parse(data) as Progress;
    source.addEventListener('open', () => {
      clearTimeout(givingUp);
      givingUp = undefined;
    });
    source.addEventListener('progress', (event) => show.progress(parse(event), false));
    source.addEventListener('end', (event) => {
      show.progress(parse(event), true);
      resolve();
    });
    source.addEventListener('error', (event) => {
      if (source.readyState === source.CLOSED) {
        reject(
          failure(
            EXIT.refused,
            'The stream can not be followed',
            `${event.message ?? 'The API closed it'}${event.code === undefined ? '' : ` (status ${event.code})`}.`,
          ),
        );
        return;
      }
      show.interrupted();
      givingUp ??= setTimeout(
        () => reject(unreachable(url, event.message ?? 'the connection was cut')),
        GIVE_UP_MS,
      );
    });
  });
  return done.finally(() => {
    clearTimeout(givingUp);
    source.close();
  });
}

function showJson(): Display {
  return {
    progress: (progress, ended) => printJson({ event: ended ? 'end' : 'progress', ...progress }),
    interrupted: () => undefined,
    stop: () => undefined,
  };
}

function showLines(): Display {
  let connected = true;
  return {
    progress(progress, ended) {
      connected = true;
      if (ended) return summarise(progress);
      const { status, final, total } = progress;
      print(`${new Date().toISOString()}  ${status}  ${final}/${total} final  ${describeCounts(progress)}`);
    },
    interrupted() {
      // Told once, not at every try.
      if (connected) process.stderr.write('The connection was cut; connecting again.\n');
      connected = false;
    },
    stop: () => undefined,
  };
}

function showBar(): Display {
  const bar = new SingleBar(
    { format: '{bar} {percentage} % · {value}/{total} final · {state}', hideCursor: true, forceRedraw: true },
    Presets.shades_classic,
  );
  let started = false;
  let end: Progress | undefined;
  return {
    progress(progress, ended) {
      const state = `${progress.status} · ${describeCounts(progress)}`;
      if (started) bar.update(progress.final, { state });
      else bar.start(progress.total, progress.final, { state });
      started = true;
      if (ended) end = progress;
    },
    interrupted() {
      if (started) bar.update({ state: 'connecting again …' });
    },
    stop() {
      bar.stop();
      if (end) summarise(end);
    },
  };
}

function describeCounts({ counts }: Progress): string {
  return Object.entries(counts)
    .map(([status, count]) => `${status} ${count}`)
    .join(', ');
}

function summarise({ status, counts, total }: Progress): void {
  print(`\nThe campaign is ${status}.\n\n${statusTable(counts, total)}`);
}
