import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { Campaign } from '../../api/schema.ts';
import { useFormat, type Format } from '../../i18n/format.ts';
import type { Words } from './actions.ts';
import { messages } from './en.ts';
import classes from './campaign.module.css';

/** What the campaign was asked to do, and how. */
export function Facts({ campaign }: { campaign: Campaign }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  return (
    <section className={classes.card}>
      <h2>{t.facts}</h2>
      <dl className={classes.facts}>
        {factsOf(t, format, campaign).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function factsOf(t: Words['t'], format: Format, campaign: Campaign): [string, string][] {
  const { policy, policyTemplate, approvedBy, approvedAt, startedAt, endedAt, correlationId } = campaign;
  const { rate, failureThreshold } = policy;
  const facts: [string, string | undefined][] = [
    [t.factTargets, targetsInWords(t, campaign.targets)],
    [t.factTemplate, policyTemplate ? `${policyTemplate.name} ${policyTemplate.version}` : undefined],
    [t.factRate, rate ? t.ratePerMinute({ n: format.number(rate.perMinute) }) : t.noRate],
    [
      t.factThreshold,
      failureThreshold
        ? t.thresholdIs({
            percent: format.percent(failureThreshold.percent),
            action: t[`then_${failureThreshold.action}`],
          })
        : t.noThreshold,
    ],
    [t.factStarted, startedAt === null ? undefined : format.dateTime(startedAt)],
    [t.factEnd, policy.endAt ? format.dateTime(policy.endAt) : undefined],
    [t.factEnded, endedAt === null ? undefined : format.dateTime(endedAt)],
    [
      t.factApproved,
      approvedBy === null || approvedAt === null
        ? undefined
        : t.approvedBy({ by: approvedBy, when: format.dateTime(approvedAt) }),
    ],
    [t.factCorrelation, correlationId],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** As they were asked for. */
function targetsInWords(t: Words['t'], targets: Campaign['targets']): string {
  const { tpeIds, all, rule, group, filter } = targets;
  if (all === true) return t.targetsAll;
  if (typeof tpeIds === 'number') return t.targetsListed(tpeIds);
  if (typeof group === 'string') return t.targetsGroup({ name: group });
  if (typeof rule === 'string') return rule;
  const conditions = Object.entries((filter ?? {}) as Record<string, unknown>);
  return conditions.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}
