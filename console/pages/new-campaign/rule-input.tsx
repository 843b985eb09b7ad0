import { Textarea } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { Component, Suspense, useId, type ReactNode } from 'react';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { messages } from './en.ts';
import type { RuleInputProps } from './rule-input-props.ts';
import classes from './new-campaign.module.css';

const { Part: RuleEditor, preload } = lazyPart(() => import('./rule-editor.tsx'));

/** Has the editor there before a rule is wanted. */
export const preloadRuleEditor = preload;

/** Takes a rule, and says in place what is wrong with it. Until the editor is there, and if it never comes, a plain field. */
export function RuleInput(props: RuleInputProps): ReactNode {
  const t = useStore(messages);
  const { value, onChange, label, hint, fault } = props;
  const faultId = useId();
  const plain = (
    <Textarea
      aria-label={label}
      aria-describedby={faultId}
      placeholder={hint}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={fault !== undefined}
      rows={4}
    />
  );
  return (
    <div>
      <PlainOnFailure plain={plain}>
        <Suspense fallback={plain}>
          <RuleEditor {...props} />
        </Suspense>
      </PlainOnFailure>
      <p className={classes.fault} id={faultId} role="status">
        {fault &&
          t.ruleFault({ line: String(fault.line), column: String(fault.column), message: fault.message })}
      </p>
    </div>
  );
}

/** An editor that can not be loaded is no reason to lose the page. */
class PlainOnFailure extends Component<{ plain: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.plain : this.props.children;
  }
}
