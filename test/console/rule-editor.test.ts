import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openForm, startForm } from './new-campaign-page.ts';

startForm();

/** Takes the first of what the editor offers, as soon as that is up to date. */
async function takeOffered(page: Page, label: string): Promise<void> {
  const offered = page.locator('.cm-tooltip-autocomplete:not(.cm-tooltip-autocomplete-disabled)');
  await offered.locator('li[aria-selected]', { hasText: label }).waitFor();
  await page.keyboard.press('Enter');
  await offered.waitFor({ state: 'detached' });
}

const expectText = (page: Page, text: string): Promise<void> =>
  expect.poll(() => page.locator('.cm-content').innerText(), { timeout: 30_000 }).toBe(text);

describe('the rule editor', () => {
  test('completes what is typed, marks what is wrong, and does not take keys for shortcuts', async () => {
    const opened = await openForm('?version=4.2.0&to=rule');
    const { page } = opened;
    const editor = page.getByRole('textbox', { name: 'Rule' });
    await page.locator('.cm-content').waitFor();
    await editor.click();
    await page.keyboard.type('modle = "A920"');
    await page.getByText(/^Line 1, column 1: there is no field modle/).waitFor();
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('modle');
    await opened.expectAccessible();
    await page.keyboard.press('ControlOrMeta+a');
    // Chromium would try to keep the style of marked text that is typed over, and complain that it may not.
    await page.keyboard.press('Delete');
    await page.keyboard.type('mod');
    await takeOffered(page, 'model');
    await page.keyboard.type('= "A9');
    await takeOffered(page, 'A920');
    await page.keyboard.type(' and tag "pil');
    await takeOffered(page, 'pilot');
    await expectText(page, 'model = "A920" and tag "pilot"');
    await page.getByText(/^\d+ terminals meet it\.$/).waitFor();
    await page.keyboard.type(' ? g n');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await opened.close(/422/);
  });

  test('takes the rule of a link that is followed while it is open', async () => {
    const opened = await openForm('?version=4.2.0&rule=all');
    const { page } = opened;
    await expectText(page, 'all');
    await page.evaluate(() =>
      history.pushState(null, '', `?version=4.2.0&rule=${encodeURIComponent('tag "pilot"')}`),
    );
    await expectText(page, 'tag "pilot"');
    await page.getByText('20 terminals meet it.').waitFor();
    await opened.close();
  });
});
