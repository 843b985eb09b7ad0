/** `npm run bench -- SCENARIO [options]`: measures one thing and ends with one line of JSON. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a file in this folder exports to be a scenario. */
export interface Scenario {
  /** Measures, printing progress on stderr. @returns the figures, their units in their names */
  run(args: string[]): Promise<Record<string, unknown>>;
}

const NOT_SCENARIOS = new Set([
  'main',
  'support',
  'boundary',
  'campaign-bench',
  'processes',
  'bare-calls',
  'standstill',
  'reckoning',
  'live-campaigns',
  'renderer',
  'replay-process',
]);

function scenarios(): string[] {
  return readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((name) => !NOT_SCENARIOS.has(name))
    .sort();
}

async function main([name, ...args]: string[]): Promise<number> {
  const known = scenarios();
  if (name === undefined || !known.includes(name)) {
    const problem = name === undefined ? 'Which scenario?' : `There is no scenario "${name}".`;
    process.stderr.write(
      `${problem} npm run bench -- SCENARIO, where SCENARIO is one of: ${known.join(', ')}\n`,
    );
    return 2;
  }
  const scenario = (await import(`./${name}.ts`)) as Scenario;
  try {
    const figures = await scenario.run(args);
    process.stdout.write(`${JSON.stringify({ scenario: name, ...figures })}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
