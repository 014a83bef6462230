// Colours of a terminal (SGR) as classes, exactly as the server renders them.

const COLOURS = ["", "a1", "a2", "a3", "a4", "a5", "a6", ""];

export function ansi(text) {
  const line = document.createDocumentFragment();
  let style = { colour: "", weight: "" };
  text.split(/\x1b\[([0-9;]*)m/).forEach((piece, index) => {
    if (index % 2) style = applied(piece, style);
    else if (piece) line.append(span(piece.replaceAll("\x1b", ""), `${style.colour} ${style.weight}`.trim()));
  });
  return line;
}

function span(text, classes) {
  if (!classes) return text;
  const element = document.createElement("span");
  element.className = classes;
  element.textContent = text;
  return element;
}

function applied(codes, { colour, weight }) {
  const numbers = codes.split(";").map(Number);
  while (numbers.length) {
    const number = numbers.shift();
    if (number === 0) colour = weight = "";
    else if (number === 1 || number === 2) weight = number === 1 ? "ab" : "ad";
    else if (number === 22) weight = "";
    else if (number === 39) colour = "";
    else if (number === 90) colour = "ad";
    else if ((number >= 30 && number <= 37) || (number > 90 && number <= 97)) colour = COLOURS[number % 10];
    else if (number === 38 || number === 48) colour = extended(numbers, colour, number === 38);
  }
  return { colour, weight };
}

function extended(numbers, colour, isInk) {
  const kind = numbers.shift() ?? 0;
  const values = numbers.splice(0, { 5: 1, 2: 3 }[kind] ?? 0);
  if (isInk && kind === 5 && values[0] < 16) return COLOURS[values[0] % 8];
  return isInk ? "" : colour;
}
