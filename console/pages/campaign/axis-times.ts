/** Moments as they stand below a chart, where there is little room. */
import { $locale } from '../../i18n/i18n.ts';

const DAY_MS = 86_400_000;

/**
 * Writes moments: the hour alone within a day, with the day where there are several.
 * @param first epoch ms of the earliest one
 * @param last of the latest one
 */
export function axisTimes(first: number, last: number): (moment: number) => string {
  const long = last - first > DAY_MS;
  const format = new Intl.DateTimeFormat($locale.get() === 'en' ? 'en-GB' : 'fr-FR', {
    ...(long && { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
  });
  return (moment) => format.format(moment);
}
