// The chat's HTTP API as the page uses it, and the live feed of new messages.

import { forget, recall, remember } from "./storage.js";

const TOKEN = "tingsu.token";

/** An answer that is no success: `status` 0 means that none came at all. */
export class Refused extends Error {
  constructor(status, code, retryAfter) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may work later. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  get token() {
    return recall(TOKEN);
  }

  forgetSession() {
    forget(TOKEN);
  }

  async start(language) {
    const { token } = await this.#json("/api/chat/sessions", { method: "POST", body: JSON.stringify({ language }) });
    remember(TOKEN, token);
  }

  history(after, wait, signal) {
    const query = new URLSearchParams();
    if (after) query.set("after", after);
    if (wait) query.set("wait", wait);
    return this.#json(`/api/chat/messages?${query}`, { signal });
  }

  send(text, clientId) {
    return this.#json("/api/chat/messages", { method: "POST", body: JSON.stringify({ text, client_id: clientId }) });
  }

  async markRead(upTo) {
    await this.#fetch("/api/chat/read", { method: "POST", body: JSON.stringify({ up_to: upTo }) });
  }

  async tellTyping() {
    await this.#fetch("/api/chat/typing", { method: "POST" });
  }

  /** Uploads with XMLHttpRequest: fetch does not tell how far a request's body has gone. */
  upload(file, text, clientId, onProgress) {
    return new Promise((resolve, reject) => {
      const form = new FormData();
      form.append("text", text);
      form.append("client_id", clientId);
      form.append("file", file, file.name || "photo");
      const request = new XMLHttpRequest();
      request.open("POST", "/api/chat/attachments");
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.responseType = "json";
      request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
      request.onload = () => {
        if (request.status === 200) resolve(request.response);
        else reject(new Refused(request.status, request.response?.error, request.getResponseHeader("Retry-After")));
      };
      request.onerror = () => reject(new Refused(0, "unreachable"));
      request.send(form);
    });
  }

  async attachment(id) {
    const response = await this.#fetch(`/api/chat/attachments/${id}`, {});
    return response.blob();
  }

  async #json(path, options) {
    const response = await this.#fetch(path, options);
    return response.json();
  }

  async #fetch(path, options) {
    const headers = options.body ? { "Content-Type": "application/json" } : {};
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, "unreachable");
    }
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Refused(response.status, problem.error, response.headers.get("Retry-After"));
    }
    return response;
  }
}

const PING_EVERY = 20_000;
const PONG_WITHIN = 8_000;
const LONGEST_PAUSE = 8_000;
const SOCKET_TRIES = 2;
const SOCKET_AGAIN_AFTER = 60_000;
const POLL_WAIT_SECONDS = 25;

/**
 * Keeps the page up to date: by WebSocket, or by long polling where a proxy lets none through.
 * Calls `on.messages(list)`, `on.corrected(list)`, `on.typing(bool)`, `on.state("live" | "lost")`, `on.sessionGone()`.
 */
export class Feed {
  #api;
  #on;
  #lastId;
  #run = 0;
  #socket = null;
  #polling = null;
  #failures = 0;
  #noSocketUntil = 0;
  #timer = null;

  constructor(api, lastId, on) {
    this.#api = api;
    this.#lastId = lastId;
    this.#on = on;
  }

  /** Connects at once; also when the phone wakes up or the network is back. */
  connect() {
    this.stop();
    const run = ++this.#run;
    if (Date.now() < this.#noSocketUntil) this.#poll(run);
    else this.#open(run);
  }

  stop() {
    this.#run += 1;
    clearTimeout(this.#timer);
    this.#polling?.abort();
    this.#socket?.close();
    this.#socket = this.#polling = null;
  }

  #later(run) {
    if (run !== this.#run) return;
    this.#on.state("lost");
    const pause = Math.min(LONGEST_PAUSE, 400 * 2 ** Math.min(this.#failures, 6)) * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.connect(), pause);
  }

  #open(run) {
    let socket;
    try {
      socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/chat/live`);
    } catch {
      this.#noSocketUntil = Date.now() + SOCKET_AGAIN_AFTER;
      this.#poll(run);
      return;
    }
    this.#socket = socket;
    let wasLive = false;
    let pingTimer = null;
    let pongTimer = setTimeout(() => socket.close(), PONG_WITHIN);
    socket.onopen = () => socket.send(JSON.stringify({ token: this.#api.token, after: this.#lastId() || null }));
    socket.onmessage = (event) => {
      if (run !== this.#run) return;
      clearTimeout(pongTimer);
      clearTimeout(pingTimer);
      pingTimer = setTimeout(() => {
        socket.send(JSON.stringify({ ping: true }));
        pongTimer = setTimeout(() => socket.close(), PONG_WITHIN);
      }, PING_EVERY);
      if (!wasLive) {
        wasLive = true;
        this.#failures = 0;
        this.#on.state("live");
      }
      this.#take(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      clearTimeout(pingTimer);
      clearTimeout(pongTimer);
      if (run !== this.#run) return;
      this.#socket = null;
      if (event.code === 4401) {
        this.#on.sessionGone();
        return;
      }
      this.#failures += 1;
      if (!wasLive && this.#failures >= SOCKET_TRIES) {
        this.#noSocketUntil = Date.now() + SOCKET_AGAIN_AFTER;
        this.#poll(run);
        return;
      }
      this.#later(run);
    };
  }

  async #poll(run) {
    this.#polling = new AbortController();
    let wait = 0;
    while (run === this.#run && Date.now() < this.#noSocketUntil) {
      try {
        const page = await this.#api.history(this.#lastId(), wait, this.#polling.signal);
        if (run !== this.#run) return;
        wait = POLL_WAIT_SECONDS;
        this.#failures = 0;
        this.#on.state("live");
        this.#take(page);
      } catch (error) {
        if (run !== this.#run) return;
        if (error.status === 401) {
          this.#on.sessionGone();
          return;
        }
        this.#failures += 1;
        this.#later(run);
        return;
      }
    }
    if (run === this.#run) this.connect();
  }

  #take(update) {
    if (update.messages?.length) this.#on.messages(update.messages);
    if (update.corrected?.length) this.#on.corrected(update.corrected);
    if (update.typing !== undefined) this.#on.typing(update.typing);
  }
}
