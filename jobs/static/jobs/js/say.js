// What a screen reader is told of what changes by itself: in words, one thing at a time.

const QUIET = 15_000; // between two pieces of news of the same stream
let told = 0;
let coming = 0;

export function say(words) {
  document.querySelector("#say").textContent = words;
}

// News of a stream that nobody waits for: the first at once, then only the latest, now and then.
export function saySometimes(words) {
  clearTimeout(coming);
  coming = setTimeout(() => {
    told = Date.now();
    say(words);
  }, Math.max(told + QUIET - Date.now(), 0));
}
