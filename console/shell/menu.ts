/** The pages in the menu, in its order. */
import {
  CampaignsIcon,
  DeadLettersIcon,
  EventsIcon,
  FleetIcon,
  NewIcon,
  type Icon,
} from '../components/icons.ts';
import type { PageName } from '../pages.ts';

export interface MenuItem {
  page: Exclude<PageName, 'campaign' | 'terminal'>;
  /** Name of its word among the shared ones. */
  words: 'pageCampaigns' | 'pageNewCampaign' | 'pageFleet' | 'pageEvents' | 'pageDeadLetters';
  icon: Icon;
  /** After `g`, it leads here. */
  key: string;
}

export const MENU: readonly MenuItem[] = [
  { page: 'campaigns', words: 'pageCampaigns', icon: CampaignsIcon, key: 'c' },
  { page: 'new-campaign', words: 'pageNewCampaign', icon: NewIcon, key: 'n' },
  { page: 'fleet', words: 'pageFleet', icon: FleetIcon, key: 'f' },
  { page: 'events', words: 'pageEvents', icon: EventsIcon, key: 'e' },
  { page: 'dead-letters', words: 'pageDeadLetters', icon: DeadLettersIcon, key: 'd' },
];
