import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { lazyPart, whenIdle } from '../../lib/lazy-part.tsx';
import { hasPage, pathOf } from '../../pages.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { missingOf, type Missing } from './draft.ts';
import { messages } from './en.ts';
import { faultAt, faultsOf, isPlaced } from './faults.ts';
import { focusField } from './focus-field.ts';
import { MOST_IDS } from './like-campaign.ts';
import { openPoints } from './open-points.ts';
import { chosenPolicy, PolicySection, preloadPolicyFields } from './policy-section.tsx';
import { toPolicy } from './policy-form.ts';
import { PreviewPanel } from './preview-panel.tsx';
import { preloadRuleEditor } from './rule-input.tsx';
import { Summary } from './summary.tsx';
import { useDraft } from './use-draft.ts';
import { useChoices } from './use-known.ts';
import { useLike } from './use-like.ts';
import { useLaunch } from './use-launch.ts';
import { usePreview } from './use-preview.ts';
import { useUpdateTime } from './use-update-time.ts';
import { WhatSection } from './what-section.tsx';
import { WhoSection } from './who-section.tsx';
import classes from './new-campaign.module.css';

const { Part: Timeline, preload: preloadTimeline } = lazyPart(() => import('./timeline.tsx'));

/** Loaded when there is nothing else to do. */
const PARTS = [preloadRuleEditor, preloadTimeline, preloadPolicyFields].map((load) => () => void load());

const NEEDED = {
  version: 'versionNeeded',
  rule: 'ruleNeeded',
  group: 'groupNeeded',
  ids: 'idsNeeded',
} as const satisfies Record<Missing, string>;

export default function NewCampaignPage(): ReactNode {
  const t = useStore(messages);
  const [, navigate] = useLocation();
  const { draft, change, startAnew, renewKey, done } = useDraft();
  const filling = useLike(draft, change);
  const choices = useChoices();
  const preview = usePreview(draft);
  const updateTime = useUpdateTime();
  const launching = useLaunch(draft, ({ campaignId }) => {
    done();
    navigate(hasPage('campaign') ? pathOf('campaign', { campaignId }) : pathOf('campaigns'));
  });
  const [tried, setTried] = useState(false);
  const missing = missingOf(draft);
  const faults = useMemo(
    () => [...preview.faults, ...faultsOf(launching.error)],
    [preview.faults, launching.error],
  );
  const templates = choices.templates ?? [];
  const policy = useMemo(
    () => (draft.how === 'own' ? toPolicy(draft.own) : chosenPolicy(draft, choices.templates ?? [])),
    [draft, choices.templates],
  );
  useEffect(() => whenIdle(...PARTS), []);

  const neededAt = (field: Missing): string | undefined =>
    tried && missing.includes(field) ? t[NEEDED[field]] : undefined;

  function launchIfComplete(by: string): void {
    setTried(true);
    const [first] = missing;
    if (first) focusField(first);
    else if (preview.error === null) launching.run(by);
  }

  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          <Button variant="default" onClick={startAnew}>
            {t.startAnew}
          </Button>
        }
      />
      {filling.error !== null && <ProblemNotice error={filling.error} onRetry={filling.retry} />}
      {filling.cut && <p>{t.likeCut(MOST_IDS)}</p>}
      {choices.error !== null && <ProblemNotice error={choices.error} onRetry={choices.retry} />}
      {filling.waiting ? (
        filling.error === null && <PageSkeleton />
      ) : (
        <div className={classes.layout}>
          <div className={classes.form}>
            <WhatSection
              draft={draft}
              change={change}
              versions={choices.versions}
              faults={{
                version: neededAt('version') ?? faultAt(faults, '/targetVersion'),
                name: faultAt(faults, '/name'),
              }}
            />
            <WhoSection
              draft={draft}
              change={change}
              choices={choices}
              faults={{
                rule: neededAt('rule') ?? faultAt(faults, '/targets/rule'),
                group: neededAt('group') ?? faultAt(faults, '/targets/group'),
                ids: neededAt('ids') ?? faultAt(faults, '/targets/tpeIds', true),
              }}
            >
              <PreviewPanel preview={preview} placed={isPlaced(preview.error, draft)} />
            </WhoSection>
            <PolicySection
              draft={draft}
              change={change}
              templates={templates}
              templatesCut={choices.templatesCut}
              faults={faults}
            >
              {preview.found && preview.found.eligible > 0 && (
                <Suspense fallback={null}>
                  <Timeline
                    preview={preview.found}
                    policy={policy}
                    updateTime={updateTime}
                    zone={choices.zone}
                  />
                </Suspense>
              )}
            </PolicySection>
          </div>
          <Summary
            draft={draft}
            preview={preview}
            policy={policy}
            open={[...missing.map((each) => t[NEEDED[each]]), ...openPoints(t, preview.faults)]}
            launching={launching}
            onLaunch={launchIfComplete}
            onRenew={renewKey}
          />
        </div>
      )}
    </>
  );
}
