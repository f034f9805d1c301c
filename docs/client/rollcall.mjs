// Puts a meeting on the queue, waits for the answer, and prints the meeting's events as they come.
//
//   node rollcall.mjs [--join] [--until TYPE] SUBJECT [ATTENDEE ...]
//
// Exit code: 0 when all went well, 1 when no answer came, 2 when the request was refused.

import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { ServiceBusClient } from "@azure/service-bus";

const ANSWER_SECONDS = Number(process.env.ANSWER_SECONDS ?? 60);
const REPLY_QUEUE = process.env.REPLY_QUEUE ?? "replies";
const SUBSCRIPTION = process.env.SUBSCRIPTION ?? "all";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    join: { type: "boolean", default: false }, // send the bot in at once
    until: { type: "string" }, // end after this event, such as call.ended
  },
});
const [subject, ...attendees] = positionals;
if (!subject) {
  console.error("usage: node rollcall.mjs [--join] [--until TYPE] SUBJECT [ATTENDEE ...]");
  process.exit(64);
}

// SERVICE_BUS is a connection string, or a namespace (name.servicebus.windows.net), which the
// identity of this process then may use: a managed identity, a workload identity, `az login`.
async function connected() {
  const where = process.env.SERVICE_BUS ?? "";
  if (where.includes("Endpoint=")) return new ServiceBusClient(where);
  const { DefaultAzureCredential } = await import("@azure/identity");
  return new ServiceBusClient(where, new DefaultAzureCredential());
}

function shown(event) {
  return `${event.time} ${nameOf(event)} ${JSON.stringify(event.data)}`;
}

function nameOf(event) {
  return event.type.replace(/^rollcall\./, "").replace(/\.v1$/, "");
}

// A queue of our own: whatever arrives there is for us. Answers to earlier requests, whose sender
// is gone, are dropped. Resolves with the first answer to `requestId`.
function answerTo(requestId, replies) {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new Error(`no answer within ${ANSWER_SECONDS} s`));
    setTimeout(tooLate, ANSWER_SECONDS * 1000).unref();
    replies.subscribe({
      async processMessage(message) {
        // What becomes of the bot comes to this queue too.
        if (message.correlationId !== requestId || !nameOf(message.body).startsWith("meeting.")) return;
        resolve(message.body);
      },
      async processError({ error }) {
        console.error(`reply queue: ${error.message}`); // the SDK goes on by itself
      },
    });
  });
}

// Delivery is at least once: an event is known by its id. `done` gets each event once. Without
// sessions the order is not certain; `sequence` counts a meeting's events from 1 without gaps.
function readEvents(events, meetingId, done) {
  const seen = new Set();
  events.subscribe({
    async processMessage({ body: event }) {
      if (event.data.meetingId !== meetingId || seen.has(event.id)) return;
      seen.add(event.id);
      console.log(shown(event));
      done(event);
    },
    async processError({ error }) {
      console.error(`events: ${error.message}`);
    },
  });
}

const client = await connected();
try {
  const requestId = randomUUID();
  // Listen, then send. The SDK sends again where it does not know if a message arrived; the request
  // id decides which meeting this is, so a second copy makes no second meeting.
  const [event] = await Promise.all([
    answerTo(requestId, client.createReceiver(REPLY_QUEUE)),
    client.createSender("create-meeting").sendMessages({
      body: { requestId, subject, attendees, join: options.join ? "now" : "never" },
      messageId: requestId,
      contentType: "application/json",
      replyTo: REPLY_QUEUE,
    }),
  ]);
  if (nameOf(event) === "meeting.rejected") {
    const { code, message, nextStep } = event.data;
    console.error(`refused: ${code}: ${message} ${nextStep}`);
    process.exitCode = 2;
  } else {
    console.log(`join at ${event.data.coordinates.joinWebUrl}`);
    await new Promise((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
      readEvents(client.createReceiver("meeting-events", SUBSCRIPTION), event.data.meetingId, (one) => {
        if (nameOf(one) === options.until) resolve();
      });
    });
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await client.close();
}
