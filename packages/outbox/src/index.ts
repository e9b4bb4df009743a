export { OUTBOX_CLOSED, OUTBOX_RECORD_TOO_LARGE, OUTBOX_UNUSABLE } from "./codes.ts";
export {
  type DeliveryHandler,
  type Outbox,
  type OutboxOptions,
  type OutboxRecord,
  type OutboxState,
  openOutbox,
} from "./outbox.ts";
