// Live messages for a page: one socket, shared by all who subscribe (docs/live.md).
import { learn, say } from "./known.js";
import { Line } from "./line.js";

const topics = new Map(); // topic -> { known, listeners }
let silent = false; // the server said that it hears nothing itself
let settling = 0;

const line = new Line({
  opened: () => askAll((silent = false)),
  heard: hear,
  lost: (failures) => tellAll(failures > 1 ? "offline" : "connecting"),
  ended: (code) => {
    tellAll(`closed:${code}`);
    topics.clear();
  },
});

// Hear of `topic`; `after` is the `seq` that the page shows, `logAfter` its last log line, `only`
// the ids that a feed is to list. `message` gets every message, `status` "connecting", "live", "offline" or "closed:<code>".
export function subscribe(topic, { after, logAfter, only, message, status = () => {} }) {
  const entry = topics.get(topic) ?? { listeners: new Set() };
  const listener = { message, status };
  entry.known = { after, log_after: logAfter, only };
  entry.listeners.add(listener);
  topics.set(topic, entry);
  say(listener, "connecting");
  line.open();
  ask(topic);
  settle();
  return () => {
    entry.listeners.delete(listener);
    if (entry.listeners.size || topics.get(topic) !== entry) return;
    topics.delete(topic);
    line.send({ type: "unsubscribe", topic });
    if (!topics.size) line.close();
  };
}

function ask(topic) {
  if (topics.has(topic)) line.send({ type: "subscribe", topic, ...topics.get(topic).known });
}

function askAll() {
  [...topics.keys()].forEach(ask);
  settle();
}

// The pong to the last ping says that all before it is answered.
function settle() {
  clearTimeout(settling);
  settling = setTimeout(() => line.send({ type: "ping" }));
}

function hear(message) {
  if (message.type === "error") return refused(message);
  if (message.type === "pong") return tellAll(silent ? "offline" : "live");
  if (message.type === "resync") {
    silent = false;
    return setTimeout(() => (tellAll("connecting"), askAll()), Math.random() * 1000);
  }
  const entry = topics.get(message.task_id ? `job:${message.task_id}` : message.type);
  if (!entry) return;
  if (message.task_id) learn(entry.known, message);
  entry.listeners.forEach((one) => one.message(message));
}

function refused({ code, topic }) {
  if (code === "live_off") silent = true;
  if (silent) tellAll("offline");
  if (code === 503) setTimeout(ask, 3000, topic);
  if ((code !== 403 && code !== 404) || !topics.has(topic)) return;
  topics.get(topic).listeners.forEach((one) => say(one, `closed:4${code}`));
  topics.delete(topic);
}

function tellAll(text) {
  topics.forEach((entry) => entry.listeners.forEach((one) => say(one, text)));
}
