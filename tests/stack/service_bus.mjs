// The official JavaScript SDK, driven by tests: one JSON command a line in, one JSON answer a line
// out. `tests/stack/javascript.py` is the other end. Answers carry the command's `id`, and `result`
// or `error {code, message}`. Bodies travel as base64; messages are settled by their `handle`.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [, , packages, connection] = process.argv;
const { ServiceBusClient } = createRequire(packages)("@azure/service-bus");

const client = new ServiceBusClient(connection, { retryOptions: { maxRetries: 1, retryDelayInMs: 50 } });
const senders = new Map();
const receivers = new Map();
const held = new Map();
let handles = 0;

function senderOf(entity) {
  if (!senders.has(entity)) senders.set(entity, client.createSender(entity));
  return senders.get(entity);
}

async function opened({ entity, subscription, subQueue, mode = "peekLock", session }) {
  const path = subscription === undefined ? [entity] : [entity, subscription];
  const options = { receiveMode: mode, skipParsingBodyAsJson: true };
  if (session === undefined) return client.createReceiver(...path, { ...options, subQueueType: subQueue });
  if (session === null) return client.acceptNextSession(...path, options);
  return client.acceptSession(...path, session, options);
}

async function receiverOf(command) {
  const { entity, subscription, subQueue, mode, session, receiver } = command;
  const key = JSON.stringify([entity, subscription, subQueue, mode, session, receiver]);
  if (!receivers.has(key)) receivers.set(key, await opened(command));
  return receivers.get(key);
}

function outgoing({ body, scheduled, ...rest }) {
  const due = scheduled === undefined ? {} : { scheduledEnqueueTimeUtc: new Date(scheduled) };
  return { body: Buffer.from(body, "base64"), ...rest, ...due };
}

function shown(message, receiver) {
  const handle = ++handles;
  held.set(handle, { message, receiver });
  return {
    handle,
    body: Buffer.from(message.body).toString("base64"),
    messageId: message.messageId,
    contentType: message.contentType,
    subject: message.subject,
    correlationId: message.correlationId,
    sessionId: message.sessionId,
    replyTo: message.replyTo,
    applicationProperties: message.applicationProperties,
    scheduled: message.scheduledEnqueueTimeUtc?.toISOString(),
    deliveryCount: message.deliveryCount,
    sequenceNumber: message.sequenceNumber?.toString(),
    state: message.state,
    deadLetterReason: message.deadLetterReason,
    deadLetterErrorDescription: message.deadLetterErrorDescription,
    deadLetterSource: message.deadLetterSource,
  };
}

const settles = {
  complete: (receiver, message) => receiver.completeMessage(message),
  abandon: (receiver, message) => receiver.abandonMessage(message),
  defer: (receiver, message) => receiver.deferMessage(message),
  deadLetter: (receiver, message, how) => receiver.deadLetterMessage(message, how),
};

const doings = {
  async send({ entity, messages }) {
    await senderOf(entity).sendMessages(messages.map(outgoing));
  },
  async schedule({ entity, messages, at }) {
    const numbers = await senderOf(entity).scheduleMessages(messages.map(outgoing), new Date(at));
    return numbers.map(String);
  },
  async cancel({ entity, numbers }) {
    await senderOf(entity).cancelScheduledMessages(numbers.map(longOf));
  },
  async receive(command) {
    const receiver = await receiverOf(command);
    const found = await receiver.receiveMessages(command.number, { maxWaitTimeInMs: command.wait });
    return found.map((message) => shown(message, receiver));
  },
  async peek(command) {
    const receiver = await receiverOf(command);
    const found = await receiver.peekMessages(command.number, { fromSequenceNumber: longOf(command.from) });
    return found.map((message) => shown(message, receiver));
  },
  async deferred(command) {
    const receiver = await receiverOf(command);
    const found = await receiver.receiveDeferredMessages(command.numbers.map(longOf));
    return found.map((message) => shown(message, receiver));
  },
  async settle({ handle, how, ...rest }) {
    const { message, receiver } = held.get(handle);
    held.delete(handle);
    await settles[how](receiver, message, rest);
  },
  async renew({ handle }) {
    const { message, receiver } = held.get(handle);
    return (await receiver.renewMessageLock(message)).toISOString();
  },
  async session(command) {
    const receiver = await receiverOf(command);
    return { id: receiver.sessionId, lockedUntil: receiver.sessionLockedUntilUtc.toISOString() };
  },
  async renewSession(command) {
    return (await (await receiverOf(command)).renewSessionLock()).toISOString();
  },
  async sessionState(command) {
    const receiver = await receiverOf(command);
    if (command.state !== undefined) await receiver.setSessionState(command.state);
    return await receiver.getSessionState();
  },
  async close(command) {
    const receiver = await receiverOf(command);
    for (const [key, each] of receivers) if (each === receiver) receivers.delete(key);
    await receiver.close();
  },
};

function longOf(text) {
  return createRequire(packages)("long").fromString(text);
}

async function answer(line) {
  const { id, do: name, ...command } = JSON.parse(line);
  try {
    return { id, result: (await doings[name](command)) ?? null };
  } catch (error) {
    return { id, error: { code: String(error.code ?? error.name), message: error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  answer(line).then((said) => process.stdout.write(JSON.stringify(said) + "\n"));
}
await client.close();
