/** The typed search attributes by which OPS finds workflows in the Temporal Web UI. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const CAMPAIGN_ID = defineSearchAttributeKey('CampaignId', SearchAttributeType.KEYWORD);
export const TPE_ID = defineSearchAttributeKey('TpeId', SearchAttributeType.KEYWORD);
export const TARGET_VERSION = defineSearchAttributeKey('TargetVersion', SearchAttributeType.KEYWORD);
export const UPDATE_STATUS = defineSearchAttributeKey('UpdateStatus', SearchAttributeType.KEYWORD);
export const TMS = defineSearchAttributeKey('Tms', SearchAttributeType.KEYWORD);
export const SITE = defineSearchAttributeKey('Site', SearchAttributeType.KEYWORD);
