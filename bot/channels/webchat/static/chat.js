// The chat page: brings the conversation, the outbox and the feed together.

import { Api, Feed } from "./api.js";
import { labels } from "./labels.js";
import { newClientId, Outbox } from "./outbox.js";
import { recall, remember } from "./storage.js";
import { dayOf, element, icon, ICONS, sizeInWords, timeOf, withPhoneLinks } from "./view.js";

const LANGUAGE = "tingsu.language";
const TOGETHER_WITHIN = 120_000;
const TYPING_AT_MOST = 60_000;
const TYPING_TOLD_EVERY = 3_000;
const BANNER_AFTER = 1_500;
const NOTICE_FOR = 9_000;
const ASLEEP_AFTER = 15_000;
const NEAR_THE_END = 120;

const byId = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const uploadLimitMib = Number(document.body.dataset.uploadLimitMib);
const isEmbedded = query.has("embed") && window.parent !== window;
const hasKeyboard = matchMedia("(hover: hover) and (pointer: fine)").matches;

const log = byId("log");
const scroller = byId("scroll");
const textarea = byId("writing");

let language = languageToStartWith();
let words = labels[language];
let isOnline = navigator.onLine;
let isStarting = false;
let bannerTimer = null;
let noticeTimer = null;
let typingTimer = null;
let hiddenSince = 0;
let picked = [];

/** Messages the bank has, by id: `{message, row}`. */
const messages = new Map();
/** Messages on their way, by client id: `{item, row}`. */
const pending = new Map();
let newestId = 0;
/** The last id that came through the feed. A message of one's own may be confirmed before an earlier one has come. */
let lastFedId = 0;

const api = new Api();
const feed = new Feed(api, () => lastFedId, {
  messages: (list) => {
    list.forEach(showMessage);
    lastFedId = Math.max(lastFedId, list.at(-1).id);
  },
  corrected: (list) => list.forEach(showCorrected),
  typing: (isTyping) => {
    showTyping(isTyping);
    // The first read of the history ends with this: from now on, what comes is news and is read out.
    log.setAttribute("aria-busy", "false");
  },
  state: (state) => showConnection(state === "live"),
  sessionGone: startAnew,
});
const outbox = new Outbox(api, {
  sending: (item) => markPending(item, words.sending),
  progress: (item, part) => showProgress(item, part),
  sent: (item, id) => confirmSent(item, id),
  waiting: (item, error) => {
    markPending(item, words.willSend);
    if (error.status === 429) notify(words.slowDown);
  },
  failed: markFailed,
  sessionGone: startAnew,
});

/* ---- language ---- */

function languageToStartWith() {
  const wanted = query.get("language") || recall(LANGUAGE) || "zh";
  return wanted.toLowerCase().startsWith("en") ? "en" : "zh";
}

function showLabels() {
  words = labels[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = words.documentTitle;
  for (const node of document.querySelectorAll("[data-label]")) node.textContent = words[node.dataset.label];
  for (const node of document.querySelectorAll("[data-label-aria]")) node.setAttribute("aria-label", words[node.dataset.labelAria]);
  for (const node of document.querySelectorAll("[data-label-title]")) {
    node.title = words[node.dataset.labelTitle];
    node.setAttribute("aria-label", words[node.dataset.labelTitle]);
  }
  textarea.placeholder = words.placeholder;
  byId("human").title = words.humanTitle;
  const button = byId("language");
  button.textContent = words.switchTo;
  button.lang = language === "zh" ? "en" : "zh-CN";
  button.setAttribute("aria-label", words.switchTitle);
  for (const { message, row } of messages.values()) {
    row.querySelector(".by").textContent = nameOf(message);
    if (!row.classList.contains("failed")) showTime(row, message);
  }
  for (const day of log.querySelectorAll(".day")) day.textContent = dayOf(new Date(day.dataset.time), language, words);
  if (!byId("banner").hidden) showConnection(false, true);
}

function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  remember(LANGUAGE, language);
  query.set("language", language);
  history.replaceState(null, "", `?${query}`);
  showLabels();
}

/* ---- session ---- */

async function begin() {
  if (isStarting) return;
  isStarting = true;
  try {
    if (!api.token) await api.start(language);
  } catch {
    showConnection(false);
    setTimeout(begin, 3_000);
    return;
  } finally {
    isStarting = false;
  }
  feed.connect();
  outbox.release();
}

/** The token opens nothing any more: go on in a new session, with what is not sent yet. */
function startAnew() {
  if (isStarting) return;
  notify(words.startedAnew);
  leaveSession();
  begin();
}

function leaveSession() {
  feed.stop();
  forgetRead();
  outbox.hold();
  api.forgetSession();
  for (const { row } of messages.values()) row.remove();
  for (const day of log.querySelectorAll(".day")) day.remove();
  messages.clear();
  newestId = lastFedId = 0;
  log.setAttribute("aria-busy", "true");
  showTyping(false);
  showReplies();
}

function startNewConversation() {
  for (const { row } of pending.values()) row.remove();
  pending.clear();
  outbox.clear();
  leaveSession();
  begin();
  focusWriting();
}

/* ---- messages ---- */

function nameOf(message) {
  if (message.author === "customer") return words.you;
  if (message.author === "bot") return words.bot;
  return message.name ? `${message.name} · ${words.staff}` : words.staff;
}

function makeRow(message) {
  const by = element("div", { className: "by", textContent: nameOf(message) });
  if (message.author === "customer") by.classList.add("unseen");
  return element("div", { className: `row ${message.author}` }, by, element("div", { className: "bubble" }), element("div", { className: "below" }));
}

function fillBubble(bubble, message) {
  const parts = [];
  if (message.attachment) parts.push(attachmentShown(message.attachment));
  if (message.text) {
    parts.push(message.author === "customer" ? element("p", { textContent: message.text }) : withPhoneLinks(message.text));
  }
  bubble.replaceChildren(...parts);
}

function showMessage(message) {
  const wasAtEnd = isAtEnd();
  const known = messages.get(message.id);
  const mine = message.client_id ? pending.get(message.client_id) : null;
  const row = known?.row ?? mine?.row ?? makeRow(message);
  if (mine) {
    pending.delete(message.client_id);
    outbox.drop(message.client_id);
  }
  row.classList.remove("waiting", "failed");
  const isShown = message.isEcho || (message.attachment?.kind === "photo" && row.querySelector(".picture"));
  if (isShown) settle(row, message);
  else fillBubble(row.querySelector(".bubble"), message);
  showTime(row, message);
  messages.set(message.id, { message, row });
  place(row, message);
  newestId = Math.max(newestId, message.id);
  if (message.author !== "customer") showTyping(false);
  if (message.author !== "customer") eyes.observe(row);
  showReplies();
  follow(wasAtEnd || message.author === "customer", message.author !== "customer" && !known);
}

function showTime(row, message) {
  const time = timeOf(new Date(message.time), language);
  row.querySelector(".below").textContent = message.is_corrected ? `${time} · ${words.corrected}` : time;
}

/** Staff has changed what it had written; what is not shown yet comes as a message. */
function showCorrected(message) {
  const known = messages.get(message.id);
  if (!known) return;
  const wasAtEnd = isAtEnd();
  if (known.message.text !== message.text) fillBubble(known.row.querySelector(".bubble"), message);
  known.message = message;
  showTime(known.row, message);
  follow(wasAtEnd, false);
}

/** Puts a row where its id belongs: after every smaller id, before what is still on its way. */
function place(row, message) {
  row.dataset.id = message.id;
  const next = [...log.querySelectorAll(".row")].find((other) => other !== row && Number(other.dataset.id ?? Infinity) > message.id) ?? null;
  if (!row.isConnected || row.nextElementSibling !== next) log.insertBefore(row, next);
  const before = previousMessage(row);
  const time = new Date(message.time);
  const isNewDay = !before || new Date(before.time).toDateString() !== time.toDateString();
  if (isNewDay && !row.previousElementSibling?.classList.contains("day")) {
    const day = element("div", { className: "day", textContent: dayOf(time, language, words) });
    day.dataset.time = message.time;
    log.insertBefore(day, row);
  }
  const isTogether = Boolean(before) && !isNewDay && before.author === message.author && before.name === message.name
    && time - new Date(before.time) < TOGETHER_WITHIN;
  row.classList.toggle("together", isTogether);
  if (isTogether) row.previousElementSibling.classList.add("joined");
}

function previousMessage(row) {
  const id = row.previousElementSibling?.dataset.id;
  return id ? messages.get(Number(id))?.message : null;
}

function isAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END;
}

function follow(toEnd, isFromBank) {
  if (toEnd) scroller.scrollTop = scroller.scrollHeight;
  else if (isFromBank) byId("newest").hidden = false;
  if (isFromBank && isEmbedded && log.getAttribute("aria-busy") === "false") tellParent("message");
}

function showTyping(isTyping) {
  clearTimeout(typingTimer);
  const wasAtEnd = isAtEnd();
  byId("typing").hidden = !isTyping;
  if (isTyping) typingTimer = setTimeout(() => showTyping(false), TYPING_AT_MOST);
  showReplies();
  if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** Quick replies belong to the newest message only, and go once something was answered. */
function showReplies() {
  const newest = messages.get(newestId)?.message;
  const offered = newest && newest.author !== "customer" && pending.size === 0 && byId("typing").hidden ? newest.buttons : [];
  const group = byId("replies");
  const hadFocus = group.contains(document.activeElement);
  group.hidden = offered.length === 0;
  if ([...group.children].map((button) => button.textContent).join("\n") !== offered.join("\n")) {
    group.replaceChildren(...offered.map((text) => {
      const button = element("button", { type: "button", textContent: text });
      button.addEventListener("click", () => sendText(text));
      return button;
    }));
  }
  if (hadFocus && group.hidden) focusWriting();
}

/* ---- what was read ---- */

/** Ids of the bank's messages that are in view, as far as the page itself is. */
const inView = new Set();
let readUpTo = 0;
const eyes = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) inView.add(Number(target.dataset.id));
    else inView.delete(Number(target.dataset.id));
  }
  tellRead();
});

function tellRead() {
  const upTo = Math.max(0, ...inView);
  if (document.hidden || !api.token || upTo <= readUpTo) return;
  readUpTo = upTo;
  api.markRead(upTo).catch(() => { readUpTo = 0; }); // told again with the next message
}

let toldTypingAt = 0;

/** Staff sees that something is coming, never what. */
function tellTyping() {
  if (!api.token || !textarea.value.trim() || Date.now() - toldTypingAt < TYPING_TOLD_EVERY) return;
  toldTypingAt = Date.now();
  api.tellTyping().catch(() => {});
}

function forgetRead() {
  eyes.disconnect();
  inView.clear();
  readUpTo = 0;
}

/* ---- attachments ---- */

function fileCard(name, detail, onOpen) {
  const card = element(onOpen ? "button" : "div", { className: "file" }, icon(ICONS.file),
    element("span", {}, element("b", { textContent: name }), element("small", { textContent: detail })));
  if (onOpen) {
    card.type = "button";
    card.setAttribute("aria-label", `${words.download}${words.says}${name}`);
    card.addEventListener("click", onOpen);
  }
  return card;
}

function attachmentShown(attachment) {
  const card = () => fileCard(attachment.file_name, sizeInWords(attachment.size), () => download(attachment));
  if (attachment.kind !== "photo") return card();
  const shown = picture(null, attachment.file_name, card);
  api.attachment(attachment.id).then((blob) => shown.show(URL.createObjectURL(blob)), () => shown.giveUp());
  return shown.node;
}

/** A photo that opens large; where the browser cannot show it (HEIC), a card takes its place. */
function picture(url, name, cardInstead) {
  const image = element("img", { alt: `${words.photo}${words.says}${name}` });
  const button = element("button", { type: "button", className: "picture", title: words.openPhoto }, image);
  const giveUp = () => button.replaceWith(cardInstead());
  const show = (source) => {
    const wasAtEnd = isAtEnd();
    image.addEventListener("load", () => { if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight; }, { once: true });
    image.src = source;
  };
  image.addEventListener("error", giveUp);
  button.addEventListener("click", () => {
    const large = byId("photo").querySelector("img");
    large.src = image.src;
    large.alt = image.alt;
    byId("photo").showModal();
  });
  if (url) show(url);
  return { node: button, show, giveUp };
}

async function download(attachment) {
  const blob = await api.attachment(attachment.id).catch(() => null);
  if (!blob) {
    notify(words.refused);
    return;
  }
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: attachment.file_name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function addFiles(files) {
  for (const file of files) {
    if (file.size > uploadLimitMib * 1024 * 1024) notify(words.tooLarge(uploadLimitMib));
    else picked.push({ file, url: file.type.startsWith("image/") ? URL.createObjectURL(file) : null });
  }
  showPicked();
  focusWriting();
}

function showPicked() {
  const list = byId("files");
  list.hidden = picked.length === 0;
  list.replaceChildren(...picked.map((pick) => {
    const remove = element("button", { type: "button", className: "plain icon" }, icon(ICONS.cross));
    remove.setAttribute("aria-label", `${words.remove}${words.says}${pick.file.name}`);
    remove.addEventListener("click", () => {
      if (pick.url) URL.revokeObjectURL(pick.url);
      picked = picked.filter((other) => other !== pick);
      showPicked();
      focusWriting();
    });
    const shown = pick.url ? element("img", { src: pick.url, alt: "" }) : icon(ICONS.file);
    return element("li", {}, shown, element("span", { textContent: pick.file.name },
      element("small", { textContent: sizeInWords(pick.file.size) })), remove);
  }));
  showSendState();
}

/* ---- sending ---- */

function sendText(text) {
  sendItem({ clientId: newClientId(), text, file: null, url: null });
}

function sendItem(item) {
  const row = makeRow({ author: "customer" });
  const bubble = row.querySelector(".bubble");
  row.classList.add("waiting");
  if (item.file) {
    const card = () => fileCard(item.file.name, sizeInWords(item.file.size), null);
    bubble.append(item.url ? picture(item.url, item.file.name, card).node : card());
    bubble.append(element("progress", { max: 1, value: 0 }));
  }
  if (item.text) bubble.append(element("p", { textContent: item.text }));
  pending.set(item.clientId, { item, row });
  log.append(row);
  showReplies();
  scroller.scrollTop = scroller.scrollHeight;
  outbox.add(item);
}

function submit() {
  const text = textarea.value.trim();
  if (!text && picked.length === 0) {
    focusWriting();
    return;
  }
  const files = picked;
  picked = [];
  if (files.length === 0) sendText(text);
  files.forEach(({ file, url }, index) => sendItem({ clientId: newClientId(), text: index === 0 ? text : "", file, url }));
  textarea.value = "";
  showPicked();
  fitTextarea();
  textarea.focus();
}

function markPending(item, state) {
  const row = pending.get(item.clientId)?.row;
  if (!row) return;
  row.classList.remove("failed");
  row.classList.add("waiting");
  row.querySelector(".below").textContent = state;
}

function showProgress(item, part) {
  const bar = pending.get(item.clientId)?.row.querySelector("progress");
  if (bar) bar.value = part;
}

function confirmSent(item, id) {
  const sent = pending.get(item.clientId);
  if (!sent) return; // the feed was faster
  showMessage({
    id,
    author: "customer",
    text: item.text,
    buttons: [],
    time: new Date().toISOString(),
    name: null,
    client_id: item.clientId,
    attachment: null,
    isEcho: true,
  });
}

/** What the page already shows of a message of one's own stays; the bank's masked text takes the place of the text. */
function settle(row, message) {
  row.querySelector("progress")?.remove();
  const text = row.querySelector(".bubble > p");
  if (text) text.textContent = message.text;
}

function markFailed(item, error) {
  const failed = pending.get(item.clientId);
  if (!failed) return;
  pending.delete(item.clientId);
  const { row } = failed;
  row.classList.remove("waiting");
  row.classList.add("failed");
  row.querySelector("progress")?.remove();
  const reason = item.file && error.status === 413 ? words.tooLarge(uploadLimitMib)
    : { 413: words.tooLong, 415: words.unsupported }[error.status] ?? words.refused;
  const below = row.querySelector(".below");
  below.textContent = `${words.notSent} ${reason}`;
  if (![413, 415].includes(error.status)) {
    const again = element("button", { type: "button", textContent: words.again });
    again.addEventListener("click", () => {
      row.remove();
      sendItem(item);
    });
    below.append(again);
  }
  showReplies();
  follow(true, false);
}

/* ---- state ---- */

function showConnection(isLive, atOnce = false) {
  clearTimeout(bannerTimer);
  const banner = byId("banner");
  if (isLive) {
    banner.hidden = true;
    if (!isOnline) isOnline = true;
    outbox.flush();
    return;
  }
  const show = () => {
    banner.textContent = !isOnline ? words.offline : messages.size ? words.reconnecting : words.unavailable;
    banner.hidden = false;
  };
  if (atOnce || !banner.hidden) show();
  else bannerTimer = setTimeout(show, BANNER_AFTER);
}

function notify(sentence) {
  clearTimeout(noticeTimer);
  byId("notice").textContent = sentence;
  noticeTimer = setTimeout(() => { byId("notice").textContent = ""; }, NOTICE_FOR);
}

function focusWriting() {
  if (hasKeyboard) textarea.focus();
  else scroller.focus({ preventScroll: true }); // a phone's keyboard would cover what the bank has just said
}

function fitTextarea() {
  textarea.style.height = "auto";
  textarea.style.height = `${textarea.scrollHeight}px`;
  showSendState();
}

function showSendState() {
  byId("send").setAttribute("aria-disabled", String(!textarea.value.trim() && picked.length === 0));
}

function tellParent(what) {
  // Carries no content, so any parent may read it; who may be the parent is the server's frame-ancestors.
  if (isEmbedded) window.parent.postMessage({ tingsu: what }, "*");
}

/* ---- events ---- */

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
textarea.addEventListener("input", () => {
  fitTextarea();
  tellTyping();
});
textarea.addEventListener("keydown", (event) => {
  // Enter that chooses a word in a Chinese input method is not Enter that sends; Safari reports it as key 229.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});
textarea.addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) {
    event.preventDefault();
    addFiles(event.clipboardData.files);
  }
});
byId("attach").addEventListener("click", () => byId("pick").click());
byId("pick").addEventListener("change", (event) => {
  addFiles([...event.target.files]);
  event.target.value = "";
});
byId("human").addEventListener("click", () => {
  const isOnTheWay = [...pending.values()].some(({ item }) => item.text === words.humanWord);
  if (!isOnTheWay) sendText(words.humanWord);
});
byId("language").addEventListener("click", switchLanguage);
byId("new").addEventListener("click", () => byId("ask").showModal());
byId("ask-no").addEventListener("click", () => byId("ask").close());
byId("ask-yes").addEventListener("click", () => {
  byId("ask").close();
  startNewConversation();
});
byId("photo").addEventListener("click", () => byId("photo").close());
byId("newest").addEventListener("click", () => {
  scroller.scrollTop = scroller.scrollHeight;
  focusWriting();
});
scroller.addEventListener("scroll", () => { if (isAtEnd()) byId("newest").hidden = true; }, { passive: true });

let dragDepth = 0;
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragenter", (event) => {
  if (carriesFiles(event)) {
    dragDepth += 1;
    byId("drop").hidden = false;
  }
});
document.addEventListener("dragleave", (event) => {
  if (carriesFiles(event) && --dragDepth <= 0) byId("drop").hidden = true;
});
document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  dragDepth = 0;
  byId("drop").hidden = true;
  if (!carriesFiles(event)) return;
  event.preventDefault();
  addFiles(event.dataTransfer.files);
});

addEventListener("online", () => {
  isOnline = true;
  if (api.token) feed.connect();
  outbox.flush();
});
addEventListener("offline", () => {
  isOnline = false;
  showConnection(false, true);
});
document.addEventListener("visibilitychange", () => {
  tellRead();
  if (document.hidden) hiddenSince = Date.now();
  else if (api.token && Date.now() - hiddenSince > ASLEEP_AFTER) feed.connect();
});
addEventListener("pageshow", (event) => { if (event.persisted && api.token) feed.connect(); });
addEventListener("storage", (event) => {
  // Another tab has started a new conversation: this one would go on writing into the old.
  if (event.key === "tingsu.token" && event.newValue && event.oldValue && outbox.isEmpty) location.reload();
});
addEventListener("beforeunload", (event) => { if (!outbox.isEmpty) event.preventDefault(); });
new ResizeObserver(() => { if (byId("newest").hidden) scroller.scrollTop = scroller.scrollHeight; }).observe(scroller);

if (isEmbedded) {
  byId("close").hidden = false;
  byId("close").addEventListener("click", () => tellParent("close"));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]") && !event.isComposing) tellParent("close");
  });
  addEventListener("message", (event) => { if (event.source === window.parent && event.data?.tingsu === "opened") focusWriting(); });
}

showLabels();
fitTextarea();
if (hasKeyboard && !isEmbedded) textarea.focus();
begin();
