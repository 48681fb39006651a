// How messages look: every text is set as text, never as HTML.

const PHONE = /(^|[^\d.\-¥￥])(95\d{3}|12356|12378|12345|110|119|120)(?=$|[^\d.\-元块万%]|[.](?!\d))(?!\s*(?:元|块|万|yuan|RMB))/g;
/* Hotlines only: a bank's five digits, help, the regulator, police, fire, ambulance; not the 120 of «120元». */

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  file: "M13.500 3.500h-6a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2v-10zM13.500 3.500v5h5",
  cross: "M7 7l10 10M17 7L7 17",
};

/** The bank's text, with its hotlines ready to be tapped. */
export function withPhoneLinks(text) {
  const paragraph = element("p");
  let end = 0;
  for (const match of text.matchAll(PHONE)) {
    const start = match.index + match[1].length;
    paragraph.append(text.slice(end, start), element("a", { href: `tel:${match[2]}`, textContent: match[2] }));
    end = start + match[2].length;
  }
  paragraph.append(text.slice(end));
  return paragraph;
}

export function sizeInWords(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function timeOf(date, language) {
  return date.toLocaleTimeString(language === "zh" ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function dayOf(date, language, words) {
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const daysAgo = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (daysAgo === 0) return words.today;
  if (daysAgo === 1) return words.yesterday;
  return date.toLocaleDateString(language === "zh" ? "zh-CN" : "en-GB", { month: "long", day: "numeric", weekday: "short" });
}
