import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Config } from '../config.ts';
import { redactDeep, redactText, removeUrlPasswords } from '../redact.ts';

export type { Logger } from 'pino';

/**
 * Property names whose values never reach a log, whatever they look like, wherever they stand up to three levels deep:
 * the ways in which a secret could slip in with a request, an error or a piece of configuration.
 */
const SECRET_NAMES = [
  'password',
  'passphrase',
  'secret',
  'callbackSecret',
  'clientSecret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  '["x-api-key"]',
  'privateKey',
  'authorization',
  '["proxy-authorization"]',
  'cookie',
  '["set-cookie"]',
  '["x-signature"]',
  '["x-tms-signature"]',
  'connectionString',
  'databaseUrl',
  'DATABASE_URL',
  'TMS_CONFIG',
];

const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => {
  const step = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${step}`, `*.*${step}`, `*.*.*${step}`];
});

/**
 * Makes the logger of a process: one JSON object per line on stdout with `level` in words, `time` in ISO 8601
 * (UTC), `name`, `pid` and `msg`. Secrets are replaced by `[redacted]`, also the password in a URL inside a
 * message, because drivers put connection strings into their errors; and each line is cleaned as a whole of what
 * looks like a card number or a secret (redact.ts).
 * @param name the role of the process, for example `relay`
 * @param destination takes the lines; stdout unless a test reads them
 */
export function createLogger(
  config: Pick<Config, 'logLevel'>,
  name: string,
  // Written at once: with a write still under way, the last lines before process.exit come out of order.
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger {
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
      hooks: { streamWrite: cleanLine },
    },
    destination,
  );
}

function cleanLine(line: string): string {
  const open = withoutUrlPasswords(line);
  const clean = redactText(open);
  if (clean === open || isJson(clean) || !isJson(open)) return clean;
  // What was taken out stood without quotes, as a number does: it is put back as JSON.
  return `${JSON.stringify(redactDeep(JSON.parse(open)))}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Blanks the password of every `scheme://user:password@host` in a line. */
export function withoutUrlPasswords(line: string): string {
  return removeUrlPasswords(line, '[redacted]');
}
