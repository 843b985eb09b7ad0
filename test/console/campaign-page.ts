/** The page of a campaign in a browser, for the tests about it. */
import type { Locator } from 'playwright-core';
import type { OpenOptions, OpenPage } from './browser.ts';
import { api, browser } from './served.ts';

/** The page of a campaign as soon as it shows it. */
export async function openCampaign(
  campaignId: string,
  search = '',
  options: OpenOptions = {},
): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns/${campaignId}${search}`, options);
  await opened.page.getByRole('tablist').waitFor();
  return opened;
}

/** Its terminals. */
export const rows = ({ page }: OpenPage): Locator => page.locator('[data-terminal]');
