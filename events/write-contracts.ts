/** Writes the documents that are made of the program: `npm run contracts`. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { buildAsyncApi } from './asyncapi.ts';

const file = fileURLToPath(new URL('../docs/asyncapi.json', import.meta.url));
const text = JSON.stringify(buildAsyncApi(), null, 2);
await writeFile(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
process.stdout.write(`${file} is written.\n`);
