/* One conversation: its messages, who holds it, and the place to answer. */
export default {
  template: `
    <section class="thread" v-if="thread" :data-holder="thread.holder" :aria-label="thread.customer">
      <header class="thread-head">
        <a class="back" href="/" :aria-label="words.back_to_queue">‹</a>
        <div class="thread-who">
          <h1>{{ thread.customer }}</h1>
          <small>{{ thread.channel }} · {{ thread.speaks }}<template v-if="thread.reason && thread.holder === 'queue'"> · <em>{{ thread.reason }}</em></template></small>
        </div>
        <button v-if="thread.mayRevealName" type="button" class="reveal" @click="$emit('reveal', 'name')">{{ words.reveal_name }}</button>
        <button v-if="thread.mayRevealPhone" type="button" class="reveal" @click="$emit('reveal', 'phone')">{{ words.reveal_phone }}</button>
        <button v-if="thread.holder === 'mine'" type="button" class="secondary hand-back" :disabled="busy" @click="act('handBack')">{{ words.hand_back }}</button>
        <button v-else-if="thread.mayAnswer && thread.holder !== 'staff'" type="button" class="primary take-over" :disabled="busy" @click="act('takeOver')">{{ words.take_over }}</button>
      </header>
      <p class="holder-line" :class="'is-' + thread.holder"><i></i>{{ holderLine }}<time v-if="thread.holder === 'queue' && thread.waitingSince">{{ waited }}</time></p>
      <div class="messages" ref="messages" role="log" aria-live="polite" @scroll="noteScroll">
        <p v-if="thread.hasEarlier" class="earlier">{{ words.earlier_messages }}</p>
        <article v-for="(message, index) in thread.messages" :key="message.id" class="message" :data-id="message.id"
                 :class="[message.from, { follows: follows(index), failed: message.delivery === 'undeliverable' }]">
          <header v-if="!follows(index)"><strong>{{ message.author }}</strong><time>{{ moment(message.at) }}</time></header>
          <div class="bubble">
            <p v-if="message.text" class="text" :title="moment(message.at)">{{ message.text }}</p>
            <a v-if="message.attachment && message.attachment.isImage" class="picture" :href="message.attachment.address" target="_blank" rel="noopener">
              <img :src="message.attachment.address" :alt="message.attachment.name" loading="lazy" @load="keepAtEnd">
            </a>
            <a v-else-if="message.attachment" class="file" :href="message.attachment.address" download>
              <span>{{ message.attachment.kind }}</span><strong>{{ message.attachment.name }}</strong>
              <small>{{ size(message.attachment.size) }} · {{ words.download }}</small>
            </a>
          </div>
          <p v-if="message.earlierText" class="aside">{{ words.edited }} <q>{{ message.earlierText }}</q></p>
          <p v-if="message.buttons.length" class="aside">{{ words.offered }}<span v-for="button in message.buttons" :key="button" class="chip">{{ button }}</span></p>
          <p v-if="message.masked.length" class="aside"><span v-for="kind in message.masked" :key="kind" class="chip masked">{{ words.masked }} {{ kind }}</span></p>
          <p v-if="message.delivery" class="delivery" :class="message.delivery">{{ words['delivery_' + message.delivery] }}</p>
        </article>
      </div>
      <button v-if="newBelow" type="button" class="new-below" @click="toEnd">↓</button>
      <form class="composer" v-if="thread.holder === 'mine'" @submit.prevent="send">
        <textarea ref="field" v-model="draft" rows="1" maxlength="4000" :placeholder="words.reply_placeholder" :aria-label="words.reply_placeholder"
                  @compositionstart="composing = true" @compositionend="endComposition" @keydown.enter="enter" @input="grow"></textarea>
        <button type="submit" class="primary" :disabled="busy || !draft.trim()">{{ words.send }}</button>
      </form>
    </section>
    <section class="thread none" v-else><p class="empty">{{ words.choose_conversation }}</p></section>
  `,
  props: { words: Object, locale: String, thread: Object },
  emits: ["takeOver", "handBack", "reply", "reveal"],
  data: () => ({ draft: "", busy: false, composing: false, atEnd: true, newBelow: false, now: Date.now() }),
  computed: {
    holderLine() {
      const lines = { mine: "held_by_you", bot: "bot_answers", queue: "customer_waits", staff: "held_by" };
      return window.tingsuDesk.fill(this.words[lines[this.thread.holder]], { name: this.thread.holderName });
    },
    waited() {
      return window.tingsuDesk.duration(this.now - this.thread.waitingSince, this.words);
    },
  },
  watch: {
    /** What was half written survives a reload and a look at another conversation, in this browser tab only. */
    draft(text) {
      const key = `tingsu-draft-${this.thread?.id}`;
      if (text) sessionStorage.setItem(key, text);
      else sessionStorage.removeItem(key);
    },
    thread(now, before) {
      const isAnother = now?.id !== before?.id;
      if (isAnother) {
        this.draft = sessionStorage.getItem(`tingsu-draft-${now?.id}`) || "";
        this.atEnd = true;
        this.busy = false;
      }
      if (now?.holder !== before?.holder) {
        this.busy = false;
        if (now?.holder === "mine") this.$nextTick(() => this.$refs.field?.focus());
      }
      const last = (thread) => thread?.messages.at(-1)?.id;
      if (isAnother || last(now) !== last(before)) {
        this.$nextTick(() => (this.atEnd ? this.toEnd() : (this.newBelow = true)));
      }
    },
  },
  mounted() {
    this.draft = sessionStorage.getItem(`tingsu-draft-${this.thread?.id}`) || "";
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
    this.$nextTick(() => this.toEnd());
  },
  unmounted() {
    clearInterval(this.clock);
  },
  methods: {
    moment(at) {
      return window.tingsuDesk.moment(at, this.locale);
    },
    size: (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`),
    follows(index) {
      const [before, message] = [this.thread.messages[index - 1], this.thread.messages[index]];
      return Boolean(before) && before.author === message.author && message.at - before.at < 120000;
    },
    act(what) {
      this.holdOff();
      this.$emit(what);
    },
    send() {
      const text = this.draft.trim();
      if (!text || this.busy) return;
      this.holdOff();
      this.atEnd = true;
      this.$emit("reply", text);
    },
    /** No second click while the first is on its way; if no answer comes, the person may try again. */
    holdOff() {
      this.busy = true;
      clearTimeout(this.patience);
      this.patience = setTimeout(() => (this.busy = false), 8000);
    },
    sent() {
      this.busy = false;
      this.draft = "";
      this.$nextTick(() => {
        this.grow();
        this.$refs.field?.focus();
      });
    },
    notSent() {
      this.busy = false;
    },
    /** An input method ends with Enter too: that one chooses a word and must not send. */
    enter(event) {
      if (event.shiftKey || event.isComposing || this.composing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    },
    endComposition() {
      setTimeout(() => (this.composing = false));
    },
    grow() {
      const field = this.$refs.field;
      if (!field) return;
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight + 2, 180)}px`;
    },
    noteScroll() {
      const list = this.$refs.messages;
      this.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
      if (this.atEnd) this.newBelow = false;
    },
    keepAtEnd() {
      if (this.atEnd) this.toEnd();
    },
    toEnd() {
      const list = this.$refs.messages;
      if (list) list.scrollTop = list.scrollHeight;
      this.newBelow = false;
    },
  },
};
