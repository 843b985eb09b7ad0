/** The editor in the console's colours, which reach into its shadow root. */
import { EditorView } from '@codemirror/view';
import type { Extension } from '@codemirror/state';

export const RULE_EDITOR_THEME: Extension = EditorView.theme({
  '&': { color: 'var(--ink)', fontSize: '0.8125rem', backgroundColor: 'var(--surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    lineHeight: '1.55',
  },
  '.cm-content': { padding: '8px 2px', minHeight: '72px', caretColor: 'var(--ink)' },
  '.cm-placeholder': { color: 'var(--ink-faint)' },
  '.rule-field': { color: 'var(--accent-ink)' },
  '.rule-keyword': { color: 'var(--approval-ink)', fontWeight: '600' },
  '.rule-text': { color: 'var(--success-ink)' },
  '.rule-operator': { color: 'var(--ink-soft)' },
  // The library's wavy line is a picture as data, which the page's security policy forbids.
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--failed-fill)',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px',
  },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--failed-fill)' },
  '.cm-tooltip': {
    overflow: 'hidden',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    boxShadow: 'var(--shadow)',
  },
  '.cm-diagnostic': { padding: '4px 8px', borderLeft: '3px solid var(--failed-fill)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'inherit', maxHeight: '14em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    color: 'var(--accent-ink)',
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '650' },
});
