export { campaign } from './campaign.ts';
export { campaignWave } from './campaign-wave.ts';
export { campaignShard } from './campaign-shard.ts';
export { tpeUpdate } from './tpe-update.ts';
