/** Names of time zones, as IANA has them: in the configuration and in what the API is given. */
import { suggest } from './targeting/suggest.ts';

/** Longer than any name; what is longer is not looked at in search of what was meant. */
const LONGEST = 64;

/** Whether it is an IANA name that this system knows; offsets such as `+01:00` are none, they know no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** What to say about a name that is none: with the zone that was probably meant, if one is near. */
export function describeUnknownZone(name: string): string {
  const meant = nearestTimeZone(name);
  return `is not a time zone of the IANA database${meant ? `; did you mean ${meant}?` : ', for example Europe/Paris'}`;
}

/** The zone whose name, or whose part after the last slash, is nearest: `Pari` gives `Europe/Paris`. */
export function nearestTimeZone(name: string): string | undefined {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const byCity = new Map(zones.map((zone) => [zone.slice(zone.lastIndexOf('/') + 1), zone]));
  const wanted = name.trim().replaceAll(/[ -]/g, '_').slice(0, LONGEST);
  const found = suggest(wanted, [...zones, ...byCity.keys()]);
  return found === undefined ? undefined : (byCity.get(found) ?? found);
}
