import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../workflows/names.ts';
import { StackError } from './errors.ts';

/** How long each of Temporal's services may not have noticed a change of a namespace: the interval at which it reads them. */
const NOTICED_AFTER_MS = 2_500;

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API, whose enumeration the client does not export. */
const KEYWORD = 2;

/**
 * Registers our search attributes in a namespace where they are missing, and waits until they can be used.
 * @throws StackError with the command that does it when the server refuses
 */
export async function ensureSearchAttributes(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    const missing = async (): Promise<string[]> => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return SEARCH_ATTRIBUTES.filter((name) => Number(customAttributes?.[name]) !== KEYWORD);
    };
    const names = await missing();
    if (names.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
    });
    const deadline = Date.now() + 60_000;
    while ((await missing()).length > 0) {
      if (Date.now() > deadline) throw new Error('they did not appear within 60 s');
      await sleep(100);
    }
    await sleep(NOTICED_AFTER_MS);
  } catch (error) {
    const flags = SEARCH_ATTRIBUTES.map((name) => `--name ${name}`).join(' ');
    throw new StackError(`The search attributes can't be registered: ${(error as Error).message}`, {
      remedy: `By hand: temporal operator search-attribute create -n ${namespace} ${flags} --type Keyword`,
      cause: error,
    });
  } finally {
    await connection.close();
  }
}
