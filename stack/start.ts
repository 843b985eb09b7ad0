/** `npm start`: the whole stack on the real schedule; what it knows is kept in `.data/` between runs. */
import { Command } from 'commander';
import { addresses, columns } from './addresses.ts';
import { buildConsole } from './console.ts';
import { addStackOptions, inCheckout, parse, runLauncher, type StackFlags } from './launcher.ts';
import { startStack } from './stack.ts';

await runLauncher(async ({ signal, stopRequested }) => {
  const command = addStackOptions(new Command('npm start --'), inCheckout('.data'))
    .description('Starts Temporal, PostgreSQL, Kafka and the platform, and stays up until Ctrl-C.')
    .option('--no-simulator', 'start no simulated TMSs; the default where TMS_CONFIG names your own');
  parse(command);
  const flags = command.opts<StackFlags & { simulator: boolean }>();
  await buildConsole();
  const simulated = flags.simulator && !process.env.TMS_CONFIG;
  const stack = await startStack({ ...flags, simulator: simulated ? undefined : false, signal });
  process.stdout.write(`\nThe platform runs. Ctrl-C stops it, its data stays in ${stack.dataDir}.\n\n`);
  process.stdout.write(`${columns(addresses(stack))}\n`);
  if (simulated) {
    const url = stack.ports.api === 8080 ? '' : ` --url http://127.0.0.1:${stack.ports.api}`;
    process.stdout.write(
      `\nA fleet that the simulated TMSs know: npx tpe fleet import examples/fleet.csv${url}\n`,
    );
  }
  await stopRequested;
  await stack.stop();
  return 0;
});
