// What the customer has written and the bank has not yet confirmed: sent one after the other, tried again until taken.

import { Refused } from "./api.js";

const LONGEST_PAUSE = 10_000;

/** An id by which the bank recognises a message that is sent twice. `randomUUID` is missing outside of HTTPS. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Calls `on.sending(item)`, `on.progress(item, part)`, `on.sent(item, id)`, `on.waiting(item, error)` (tried again by
 * itself), `on.failed(item, error)` (the customer decides), `on.sessionGone()`.
 */
export class Outbox {
  #api;
  #on;
  #items = [];
  #isSending = false;
  #tries = 0;
  #timer = null;
  #isHeld = true;

  constructor(api, on) {
    this.#api = api;
    this.#on = on;
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  add(item) {
    this.#items.push(item);
    this.flush();
  }

  /** Forgets what the bank has already told us it has: the answer to the request was lost on the way. */
  drop(clientId) {
    this.#items = this.#items.filter((item) => item.clientId !== clientId || item.isOnTheWay);
  }

  /** Sends nothing while there is no session. */
  hold() {
    this.#isHeld = true;
  }

  release() {
    this.#isHeld = false;
    this.flush();
  }

  clear() {
    this.#items = [];
  }

  /** Tries at once, whatever pause is running. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#isSending || this.#isHeld) return;
    this.#isSending = true;
    try {
      while (this.#items.length && !this.#isHeld) {
        if (!(await this.#sendFirst())) break;
      }
    } finally {
      this.#isSending = false;
    }
  }

  async #sendFirst() {
    const item = this.#items[0];
    item.isOnTheWay = true;
    this.#on.sending(item);
    try {
      const { id } = item.file
        ? await this.#api.upload(item.file, item.text, item.clientId, (part) => this.#on.progress(item, part))
        : await this.#api.send(item.text, item.clientId);
      this.#tries = 0;
      this.#remove(item);
      this.#on.sent(item, id);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#refused(item, error);
    } finally {
      item.isOnTheWay = false;
    }
  }

  #refused(item, error) {
    if (error.status === 401) {
      this.hold();
      this.#on.sessionGone();
      return false;
    }
    if (!error.isPassing) {
      this.#remove(item);
      this.#on.failed(item, error);
      return true;
    }
    this.#on.waiting(item, error);
    const pause = error.retryAfter ? error.retryAfter * 1000 : Math.min(LONGEST_PAUSE, 800 * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.flush(), pause);
    return false;
  }

  #remove(item) {
    this.#items = this.#items.filter((other) => other !== item);
  }
}
