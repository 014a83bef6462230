// Times and spans in words, as the server writes them, in the reader's own time zone.

const words = (document.getElementById("say") ?? document.body).dataset;
const pad = (number, digits = 2) => String(number).padStart(digits, "0");

export function duration(seconds) {
  if (seconds < 0.9995) return `${Math.round(Math.max(seconds, 0) * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  for (const [large, name, small, rest] of [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]]) {
    if (Math.round(seconds) < large) continue;
    const parts = Math.round(seconds / small);
    const whole = Math.floor((parts * small) / large);
    const left = parts - (whole * large) / small;
    return left ? `${whole} ${name} ${left} ${rest}` : `${whole} ${name}`;
  }
  return `${Math.round(seconds)} s`;
}

export function quantity(number) {
  const shown = Number.isInteger(number) ? String(number) : number.toFixed(1);
  return shown.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

function rough(seconds) {
  for (const [size, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
  }
  return `${Math.floor(seconds)} s`;
}

function clock(at) {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

const day = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;

export const forms = {
  ago(at) {
    const seconds = (Date.now() - at) / 1000;
    if (Math.abs(seconds) < 1) return words.now;
    return (seconds > 0 ? words.ago : words.in).replace("{time}", rough(Math.abs(seconds)));
  },
  until(at) {
    const left = Math.ceil((at - Date.now()) / 1000);
    if (left <= 0) return words.due;
    return words.in.replace("{time}", left < 3600 ? `${Math.floor(left / 60)}:${pad(left % 60)}` : duration(left));
  },
  age: (at) => rough(Math.abs(Date.now() - at) / 1000),
  clock: (at) => (day(at) === day(new Date()) ? clock(at) : `${day(at)} ${clock(at).slice(0, 5)}`),
  log: (at) => `${clock(at)}.${pad(at.getMilliseconds(), 3)}`,
};

export function tell(time) {
  const at = new Date(time.dateTime);
  const text = forms[time.dataset.form](at);
  if (time.textContent !== text) time.textContent = text;
  if (time.dataset.zoned) return;
  time.dataset.zoned = "yes";
  if (time.dataset.form !== "log") time.title = `${day(at)} ${clock(at)} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}

export function tellAll(within = document) {
  within.querySelectorAll("time[data-form]").forEach(tell);
}

export function keepTelling() {
  tellAll();
  setInterval(() => document.querySelectorAll("time[data-form=until]").forEach(tell), 1000);
  setInterval(() => document.querySelectorAll("time[data-form=ago], time[data-form=age]").forEach(tell), 5000);
}
