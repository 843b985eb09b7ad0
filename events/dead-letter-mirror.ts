import type { Config } from '../config.ts';
import { storeDeadLetters } from '../db/dead-letter-intake.ts';
import type { NewDeadLetter } from '../db/dead-letter-intake.ts';
import { isAboutData } from '../db/outage.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { MessageError } from './cloud-event.ts';
import type { ReceivedMessage } from './consumed-message.ts';
import { GroupConsumer } from './consumer.ts';
import { parseDeadLetter, strayLetter } from './dead-letter.ts';

export interface DeadLetterMirrorOptions {
  config: Pick<Config, 'kafka'>;
  logger: Logger;
  pool: Pool;
}

/**
 * Copies the dead letter topic into table `dead_letter`, where people look at the letters and decide about them. A
 * letter that comes again changes nothing, also when it was decided about.
 */
export function mirrorDeadLetters({ config, logger, pool }: DeadLetterMirrorOptions): GroupConsumer {
  return new GroupConsumer({
    config,
    logger,
    group: 'dead-letters',
    topic: 'tpe.events.dlq',
    stage: 'dead-letters',
    // A missing right or a table that is being changed: no letter is to blame for it, so none is passed over.
    isOutage: (error) => !isAboutData(error),
    // Dead letters about dead letters would come back here, without end.
    deadLetters: false,
    async handle(messages) {
      const added = await storeDeadLetters(pool, messages.map(toLetter));
      return added.map((isNew) => ({ repeated: !isNew }));
    },
  });
}

function toLetter(message: ReceivedMessage): NewDeadLetter {
  try {
    return parseDeadLetter(message);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return strayLetter(message, error.message);
  }
}
