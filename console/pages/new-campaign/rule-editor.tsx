/**
 * The rule editor. It lives in a shadow root: there CodeMirror adds its styles as constructed sheets, which the page's
 * security policy allows.
 */
import {
  acceptCompletion,
  autocompletion,
  completionKeymap,
  type CompletionContext,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { Annotation, EditorState, RangeSetBuilder } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  keymap,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';
import { useEffect, useEffectEvent, useRef, type ReactNode } from 'react';
import { completionsAt, tokensOf, type Known } from './rule-language.ts';
import type { RuleInputProps } from './rule-input-props.ts';
import { RULE_EDITOR_THEME } from './rule-editor-theme.ts';
import classes from './new-campaign.module.css';

/** Marks a change that was not typed. */
const fromElsewhere = Annotation.define<true>();

export default function RuleEditor({
  value,
  onChange,
  label,
  hint,
  fault,
  known,
}: RuleInputProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const first = useRef({ value, label, hint });
  const knownNow = useRef<Known>(known);
  // The value that page and editor last had both, and what was typed since: a slow page still renders with one of these
  // when more is typed already.
  const typed = useRef(new Set([value]));
  const changed = useEffectEvent((update: ViewUpdate) => {
    if (!update.docChanged || update.transactions.some((one) => one.annotation(fromElsewhere))) return;
    const text = update.state.doc.toString();
    typed.current.add(text);
    onChange(text);
  });

  useEffect(() => {
    knownNow.current = known;
  }, [known]);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({ doc: first.current.value, extensions: extensions() }),
    });
    view.current = editor;
    return () => editor.destroy();

    function extensions() {
      return [
        history(),
        keymap.of([
          { key: 'Tab', run: acceptCompletion },
          ...completionKeymap,
          ...lintKeymap,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        // Without pauses, in which Enter would be a new line: who types fast means what is offered.
        autocompletion({
          override: [complete],
          icons: false,
          activateOnTypingDelay: 0,
          interactionDelay: 0,
        }),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': first.current.label, spellcheck: 'false' }),
        placeholder(first.current.hint),
        colours,
        RULE_EDITOR_THEME,
        EditorView.updateListener.of(changed),
      ];
    }

    function complete(context: CompletionContext) {
      const { from, options } = completionsAt(context.state.doc.toString(), context.pos, knownNow.current);
      if (options.length === 0) return null;
      return { from, options, validFor: /^[\w.+-]*$/ };
    }
  }, []);

  // A value from elsewhere takes the place of the text; one that was typed here never does.
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    if (editor.state.doc.toString() === value) typed.current = new Set([value]);
    else if (!typed.current.has(value)) {
      const changes = { from: 0, to: editor.state.doc.length, insert: value };
      editor.dispatch({ changes, annotations: fromElsewhere.of(true) });
    }
  });

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const end = editor.state.doc.length;
    const diagnostics = fault
      ? [
          {
            from: Math.min(fault.from, end),
            to: Math.min(fault.to, end),
            severity: 'error' as const,
            message: fault.message,
          },
        ]
      : [];
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [fault]);

  // Keys that are typed here are no shortcuts of the page, which does not see into the shadow root.
  useEffect(() => {
    const element = host.current;
    const keep = (event: KeyboardEvent): void => event.stopPropagation();
    element?.addEventListener('keydown', keep);
    return () => element?.removeEventListener('keydown', keep);
  }, []);

  return <div ref={host} className={classes.ruleEditor} data-faulty={fault !== undefined} />;
}

/** Each word in the colour of its kind. */
const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged) this.decorations = decorate(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { kind, from, to } of tokensOf(view.state.doc.toString())) {
    builder.add(from, to, Decoration.mark({ class: `rule-${kind}` }));
  }
  return builder.finish();
}
