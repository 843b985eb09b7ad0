/**
 * The simulator as a process of its own:
 * `node tms/simulator/main.ts --tms-port 9101 --hardware-port 9102 --config examples/simulator.json`
 */
import { Command, InvalidArgumentError } from 'commander';
import { createLogger } from '../../observability/logger.ts';
import { readSimulatorConfig } from './config.ts';
import { startSimulator } from './simulator.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const options = new Command('simulator')
  .description('Simulates TMSs (reference protocol) and the Hardware-API of a fleet of terminals.')
  .option(
    '--tms-port <port>',
    'port of the TMSs and of /stats, /terminals, /fleet, /faults; 0 takes any',
    port,
    9101,
  )
  .option('--hardware-port <port>', 'port of the Hardware-API; 0 takes any', port, 9102)
  .requiredOption('--config <file>', 'JSON file, or the JSON itself')
  .option('--log-level <level>', LOG_LEVELS.join(', '), level, 'info')
  .parse()
  .opts<{ tmsPort: number; hardwarePort: number; config: string; logLevel: (typeof LOG_LEVELS)[number] }>();

const logger = createLogger({ logLevel: options.logLevel }, 'simulator');
try {
  const simulator = await startSimulator(readSimulatorConfig(options.config), options);
  const { tmsPort, hardwarePort, terminals } = simulator;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'simulator stops');
      void simulator.close();
    });
  }
  logger.info({ tmsPort, hardwarePort, terminals }, 'simulator ready');
} catch (error) {
  logger.fatal((error as Error).message);
  process.exitCode = 1;
}

function port(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

function level(value: string): (typeof LOG_LEVELS)[number] {
  const known = LOG_LEVELS.find((name) => name === value);
  if (known) return known;
  throw new InvalidArgumentError(`One of ${LOG_LEVELS.join(', ')}.`);
}
