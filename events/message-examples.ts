/** One example of each message, as it is on Kafka; checked against the schemas, and shown in the documents. */
import type { DataOfType, MessageType } from './messages.ts';

export interface MessageExample<Data> {
  key: string;
  headers: Record<string, string>;
  data: Data;
}

const campaignId = '9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01';
const tpeId = '51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02';
const key = `${campaignId}|${tpeId}`;
const terminal = { tpeId, idTms: 'A-000123', tms: 'alpha' };

function headers(type: MessageType, time: string, subject: string): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: '0f0c9a1e-5a7b-4c39-9c5e-0b8a3f6d2c11',
    ce_source: '/tpe-campaigns',
    ce_type: type,
    ce_time: time,
    ce_subject: subject,
    ce_partitionkey: subject,
    ce_dataschema: `/schemas/${type}/1`,
    ce_correlationid: 'req-7f3a',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'content-type': 'application/json',
  };
}

export const EXAMPLES: { [T in MessageType]: MessageExample<DataOfType<T>> } = {
  'tpe.update.commanded': {
    key,
    headers: headers('tpe.update.commanded', '2026-11-21T10:46:22.123450Z', key),
    data: {
      campaignId,
      ...terminal,
      attempt: 1,
      targetVersion: '4.2.0',
      idempotencyKey: `${campaignId}:${tpeId}:1`,
      occurredAt: '2026-11-21T10:46:22.12345+00:00',
    },
  },
  'tpe.update.ordered': {
    key,
    headers: {
      ...headers('tpe.update.ordered', '2026-11-21T10:45:00Z', key),
      ce_id: 'till-4711-0815',
      ce_source: '/till-management',
    },
    data: {
      campaignId,
      tpeId,
      targetVersion: '4.2.0',
      requestedBy: 'till-management',
      name: 'Tills of November',
      policyTemplate: { name: 'careful', version: 2 },
      joinable: true,
    },
  },
  'tpe.update.status.changed': {
    key,
    headers: {
      ...headers('tpe.update.status.changed', '2026-11-22T10:46:22.123450Z', key),
      ce_sequence: '3',
      ce_status: 'TIMEOUT',
      ce_final: 'true',
    },
    data: {
      campaignId,
      ...terminal,
      model: 'A920',
      site: 'Lyon-12',
      wave: 1,
      status: 'TIMEOUT',
      reason: 'unverified',
      final: true,
      attempt: 1,
      compensation: null,
      compensationReason: null,
      previousVersion: '4.1.0',
      targetVersion: '4.2.0',
      version: '4.1.0',
      sequence: 3,
      occurredAt: '2026-11-22T10:46:22.12345+00:00',
    },
  },
  'tpe.version.observed': {
    key: tpeId,
    headers: headers('tpe.version.observed', '2026-11-21T11:02:10.500000Z', tpeId),
    data: {
      ...terminal,
      model: 'A920',
      site: 'Lyon-12',
      version: '4.2.0',
      previousVersion: '4.1.0',
      campaignId,
      occurredAt: '2026-11-21T11:02:10.5+00:00',
    },
  },
};

/** The headers of an order that could not be used, as a dead letter has them; key and value are as they were. */
export const DEAD_LETTER_HEADERS: Readonly<Record<string, string>> = {
  ...EXAMPLES['tpe.update.ordered'].headers,
  dlq_id: 'orders:tpe.update.command:7:4711',
  dlq_topic: 'tpe.update.command',
  dlq_partition: '7',
  dlq_offset: '4711',
  dlq_error: 'INVALID_MESSAGE',
  dlq_reason: 'The data is not what tpe.update.command carries. targetVersion: Invalid input',
  dlq_stage: 'orders',
  dlq_tries: '1',
  dlq_time: '2026-11-21T10:45:01.250Z',
};
