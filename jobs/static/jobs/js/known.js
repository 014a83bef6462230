// What was seen of a topic, and what its listeners were told.

// Asking again with this, nothing is missed or told twice (docs/live.md, "Coming back").
export function learn(known, { type, seq, attempt, n, first, lines, log_lines }) {
  known.after = Math.max(known.after ?? 0, seq);
  if (type === "log") [known.log_after, known.log_attempt] = [first + lines.length - 1, attempt];
  if (type === "snapshot") known.log_after ??= log_lines;
  if (n) [known.attempt, known.n] = [attempt, n];
}

// A listener is told a status once.
export function say(listener, status) {
  if (listener.said === status) return;
  listener.said = status;
  listener.status(status);
}
