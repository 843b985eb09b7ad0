import { pino } from 'pino';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';

export type { Logger } from 'pino';

/**
 * Property names whose values never reach a log, wherever they stand up to three levels deep. Card data is
 * not in this system at all; these are the ways in which a secret could slip in with a request or an error.
 */
const SECRET_NAMES = [
  'password',
  'secret',
  'callbackSecret',
  'token',
  'apiKey',
  'authorization',
  'cookie',
  '["set-cookie"]',
  '["x-signature"]',
  'connectionString',
];

const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => {
  const step = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${step}`, `*.*${step}`, `*.*.*${step}`];
});

/**
 * Makes the logger of a process: one JSON object per line on stdout with `level` in words, `time` in ISO 8601
 * (UTC), `name`, `pid` and `msg`. Secrets are replaced by `[redacted]`, also the password in a URL inside a
 * message, because drivers put connection strings into their errors.
 * @param name the role of the process, for example `relay`
 */
export function createLogger(config: Pick<Config, 'logLevel'>, name: string): Logger {
  return pino(
    {
      name,
      level: config.logLevel,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: ({ pid, name: logger }) => ({ pid: pid as number, name: logger as string }),
      },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      hooks: { streamWrite: withoutUrlPasswords },
    },
    // Written at once: with a write still under way, the last lines before process.exit come out of order.
    pino.destination({ fd: 1, sync: true }),
  );
}

/** Blanks the password of every `scheme://user:password@host` in a line. */
export function withoutUrlPasswords(line: string): string {
  return line.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"/]+@/gi, '$1[redacted]@');
}
