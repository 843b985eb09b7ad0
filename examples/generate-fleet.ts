/**
 * Writes a fleet of terminals as CSV, the same for the same seed:
 * `node examples/generate-fleet.ts --terminals 3000 --seed 1 --out examples/fleet.csv`
 */
import { hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, InvalidArgumentError } from 'commander';
import { stringify } from 'csv-stringify';

const COLUMNS = ['tpeId', 'idTms', 'tms', 'model', 'site', 'version', 'tags'] as const;
const MODELS = ['A920', 'A77', 'PAX-IM30'];
const VERSIONS = ['4.1.0', '4.1.0', '4.1.0', '4.0.3'];
const CITIES = ['Lyon', 'Paris', 'Marseille', 'Lille', 'Nantes', 'Bordeaux', 'Toulouse', 'Rennes'];
const SITES_PER_CITY = 5;
/** Share of the terminals at the TMS alpha; the others are at beta. */
const ALPHA_SHARE = 0.7;
const TAGS = ['', '', '', 'pilot', 'counter', 'self-service'];

const options = new Command('generate-fleet')
  .option('--terminals <n>', 'how many', wholeNumber, 3_000)
  .option('--seed <n>', 'another seed makes another fleet', wholeNumber, 1)
  .requiredOption('--out <file>', 'where to')
  .parse()
  .opts<{ terminals: number; seed: number; out: string }>();

await pipeline(
  Readable.from(terminals(options.terminals, options.seed)),
  stringify({ header: true, columns: [...COLUMNS] }),
  createWriteStream(options.out),
);

function* terminals(count: number, seed: number): Generator<Record<(typeof COLUMNS)[number], string>> {
  for (let n = 1; n <= count; n++) {
    const digest = hash('sha256', `${seed}|${n}`, 'buffer');
    const tms = digest.readUInt32LE(0) / 2 ** 32 < ALPHA_SHARE ? 'alpha' : 'beta';
    const site = n % (CITIES.length * SITES_PER_CITY);
    yield {
      tpeId: uuid(digest),
      idTms: `${tms === 'alpha' ? 'A' : 'B'}-${String(n).padStart(6, '0')}`,
      tms,
      model: choose(MODELS, digest.readUInt8(4)),
      site: `${choose(CITIES, site)}-${10 + Math.floor(site / CITIES.length)}`,
      version: choose(VERSIONS, digest.readUInt8(5)),
      tags: choose(TAGS, digest.readUInt8(6)),
    };
  }
}

/** A valid random-looking UUID (version 4) from 16 bytes of the digest. */
function uuid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(16, 32));
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x40;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function choose(list: readonly string[], number: number): string {
  return list[number % list.length] ?? '';
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('A whole number.');
}
