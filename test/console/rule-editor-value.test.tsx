// @vitest-environment happy-dom
import { EditorView } from '@codemirror/view';
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import RuleEditor from '../../console/pages/new-campaign/rule-editor.tsx';

afterEach(cleanup);

const KNOWN = { models: [], sites: [], versions: [], tms: [], tags: [], groups: [] };

/** The editor on a page that comes back with a value when the test says so. */
function openEditor(initial: string) {
  const told: string[] = [];
  const element = (value: string) => (
    <RuleEditor
      value={value}
      onChange={(text) => told.push(text)}
      label="Rule"
      hint=""
      fault={undefined}
      known={KNOWN}
    />
  );
  const { container, rerender } = render(element(initial));
  const dom = container.firstElementChild?.shadowRoot?.querySelector<HTMLElement>('.cm-editor');
  const view = dom && EditorView.findFromDOM(dom);
  if (!view) throw new Error('there is no editor');
  return {
    told,
    text: () => view.state.doc.toString(),
    type: (text: string) => view.dispatch(view.state.replaceSelection(text)),
    comeBackWith: (value: string) => rerender(element(value)),
  };
}

test('a page that is behind with what was typed takes nothing of it away', () => {
  const editor = openEditor('');
  editor.type('a');
  editor.type('l');
  editor.comeBackWith('a');
  expect(editor.text()).toBe('al');
  editor.type('l');
  editor.comeBackWith('al');
  editor.comeBackWith('all');
  expect(editor.text()).toBe('all');
  expect(editor.told).toEqual(['a', 'al', 'all']);
});

test('a value from elsewhere takes the place of the text, and is not told as typed', () => {
  const editor = openEditor('');
  editor.type('all');
  editor.comeBackWith('all');
  editor.comeBackWith('tag "pilot"');
  expect(editor.text()).toBe('tag "pilot"');
  editor.comeBackWith('');
  expect(editor.text()).toBe('');
  expect(editor.told).toEqual(['all']);
});
