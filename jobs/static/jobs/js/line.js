// The WebSocket itself: opens, opens again after a jittered pause, notices silence.
import { address } from "./address.js";
import { isSignedIn } from "./door.js";
import { Pace } from "./pace.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const PING_EVERY = 20_000;
const SILENCE = 45_000;
const FOR_GOOD = new Set([4401, 4403, 4404]);

export class Line {
  // `on` has opened(), heard(message), lost(failures) and ended(code).
  constructor(on) {
    this.on = on;
    this.failures = 0;
    this.socket = null;
    this.wanted = false;
    this.timer = 0;
    this.pace = new Pace((message) => this.socket?.send(JSON.stringify(message)));
    document.addEventListener("visibilitychange", () => this.wake());
    addEventListener("online", () => this.wake());
    setInterval(() => this.beat(), PING_EVERY);
  }

  open() {
    clearTimeout(this.timer);
    this.wanted = true;
    if (this.socket) return;
    const socket = (this.socket = new WebSocket(address()));
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.pace.clear();
      this.on.opened();
    };
    socket.onmessage = ({ data }) => {
      [this.heardAt, this.failures] = [Date.now(), 0];
      this.on.heard(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.socket === socket && this.closed(code);
  }

  close() {
    this.wanted = false;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.pace.put(message);
  }

  async closed(code) {
    this.socket = null;
    // The session may have got a new key meanwhile: then this page has it as well.
    if (code === 4401 && this.wanted && (await isSignedIn())) code = 1006;
    this.wanted &&= !FOR_GOOD.has(code);
    if (!this.wanted) return this.on.ended(code);
    this.failures += 1;
    this.on.lost(this.failures);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1));
    // A page nobody looks at waits; `wake` opens when it is looked at again.
    this.timer = setTimeout(() => document.hidden || this.wake(), pause * (0.5 + Math.random() / 2));
  }

  wake() {
    if (document.hidden || !this.wanted) return;
    this.socket ? this.beat() : this.open();
  }

  beat() {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.heardAt < SILENCE) return this.send({ type: "ping" });
    const socket = this.socket; // it may never say that it is dead: do not wait for it
    this.closed(1006);
    socket.close();
  }
}
