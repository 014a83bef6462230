// Lets messages out as fast as the server takes them: some at once, then one by one.

const AT_ONCE = 20;
const EVERY = 60;

export class Pace {
  constructor(send) {
    this.send = send;
    this.waiting = [];
    this.spare = AT_ONCE;
    this.timer = 0;
  }

  put(message) {
    this.waiting.push(message);
    this.run();
  }

  clear() {
    this.waiting = [];
  }

  run() {
    while (this.waiting.length && this.spare > 0) {
      this.spare -= 1;
      this.send(this.waiting.shift());
    }
    this.timer ||= setInterval(() => this.gain(), EVERY);
  }

  gain() {
    this.spare += 1;
    this.run();
    if (this.spare < AT_ONCE) return;
    clearInterval(this.timer);
    this.timer = 0;
  }
}
