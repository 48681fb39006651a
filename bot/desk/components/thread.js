/* One conversation: its messages, who holds it, and the place to answer. */
const KEEP_AFTER = 1000; // milliseconds between two times that a draft is kept

export default {
  template: `
    <section class="thread" v-if="thread" :data-holder="thread.holder" :aria-label="thread.customer">
      <header class="thread-head">
        <a class="back" href="/" :aria-label="words.back_to_queue">‹</a>
        <div class="thread-who">
          <h1>{{ thread.customer }}</h1>
          <small>{{ thread.channel }} · {{ thread.speaks }}<template v-if="thread.reason && thread.holder === 'queue'"> · <em>{{ thread.reason }}</em></template></small>
        </div>
        <button v-if="thread.mayRevealName" type="button" class="reveal" @click="act('reveal', 'name')">{{ words.reveal_name }}</button>
        <button v-if="thread.mayRevealPhone" type="button" class="reveal" @click="act('reveal', 'phone')">{{ words.reveal_phone }}</button>
        <button v-if="thread.holder === 'mine'" type="button" class="secondary transfer" :aria-expanded="isTransferring" @click="toggleTransfer">{{ words.transfer }}</button>
        <button v-if="thread.holder === 'mine'" type="button" class="secondary hand-back" :disabled="busy" @click="actOnce('handBack')">{{ words.hand_back }}</button>
        <button v-else-if="thread.mayAnswer && thread.holder !== 'staff'" type="button" class="primary take-over" :disabled="busy" @click="actOnce('takeOver')">{{ words.take_over }}</button>
      </header>
      <p class="holder-line" :class="'is-' + thread.holder"><i></i>{{ holderLine }}<time v-if="thread.holder === 'queue' && thread.waitingSince">{{ waited }}</time></p>
      <p v-if="others.length" class="presence" role="status"><span v-for="one in others" :key="one.text" :class="{ 'is-typing': one.isTyping }">{{ one.text }}</span></p>
      <form class="transfer-form" v-if="isTransferring && thread.holder === 'mine'" @submit.prevent="transfer">
        <label>{{ words.transfer_to }}
          <select v-model="receiver" required>
            <option value="queue">{{ words.queue }}</option>
            <option v-for="one in colleagues" :key="one.id" :value="one.id">{{ one.name }}<template v-if="!one.isSignedIn"> ({{ words.not_signed_in }})</template></option>
          </select>
        </label>
        <label>{{ words.transfer_note }}
          <textarea v-model="transferNote" rows="2" maxlength="4000" :required="receiver === 'queue'"></textarea>
        </label>
        <div class="buttons">
          <button type="submit" class="primary">{{ words.transfer_confirm }}</button>
          <button type="button" class="secondary" @click="isTransferring = false">{{ words.cancel }}</button>
        </div>
      </form>
      <div class="messages" ref="messages" role="log" aria-live="polite" @scroll="noteScroll">
        <p v-if="thread.hasEarlier" class="earlier">{{ words.earlier_messages }}</p>
        <article v-for="(message, index) in thread.messages" :key="message.id" class="message" :data-id="message.id"
                 :class="[message.from, { follows: follows(index), failed: message.delivery === 'undeliverable' }]">
          <header v-if="!follows(index)"><strong>{{ message.author }}</strong><span v-if="message.from === 'note'" class="chip">{{ message.isUnsent ? words.unsent : words.internal_note }}</span><time>{{ moment(message.at) }}</time></header>
          <div v-if="message.from === 'note'" class="bubble">
            <p class="text" :title="moment(message.at)"><template v-for="(part, at) in message.parts" :key="at"><mark v-if="part.isMention">{{ part.text }}</mark><template v-else>{{ part.text }}</template></template></p>
          </div>
          <template v-else>
          <form v-if="editing?.message === message.id" class="editor" @submit.prevent="saveEdit('correct', message.id)">
            <textarea v-model="editing.text" rows="3" maxlength="4000" required :aria-label="words.correct"></textarea>
            <div class="buttons">
              <button type="submit" class="primary">{{ words.save }}</button>
              <button type="button" class="secondary" @click="editing = null">{{ words.cancel }}</button>
            </div>
          </form>
          <div v-else class="bubble">
            <p v-if="message.text" class="text" :title="moment(message.at)">{{ message.text }}</p>
            <a v-if="message.attachment && message.attachment.isImage" class="picture" :href="message.attachment.address" target="_blank" rel="noopener">
              <img :src="message.attachment.address" :alt="message.attachment.name" loading="lazy" @load="keepAtEnd">
            </a>
            <a v-else-if="message.attachment" class="file" :href="message.attachment.address" download>
              <span>{{ message.attachment.kind }}</span><strong>{{ message.attachment.name }}</strong>
              <small>{{ size(message.attachment.size) }} · {{ words.download }}</small>
            </a>
          </div>
          <p v-if="message.earlierText" class="aside">{{ message.from === 'staff' ? words.corrected : words.edited }} <q>{{ message.earlierText }}</q></p>
          <p v-if="message.buttons.length" class="aside">{{ words.offered }}<span v-for="button in message.buttons" :key="button" class="chip">{{ button }}</span></p>
          <p v-if="message.masked.length" class="aside"><span v-for="kind in message.masked" :key="kind" class="chip masked">{{ words.masked }} {{ kind }}</span></p>
          <p v-if="message.delivery" class="delivery" :class="message.delivery">{{ words['delivery_' + message.delivery] }}</p>
          <p v-if="editing?.message !== message.id && (message.correctable || (message.delivery === 'undeliverable' && thread.holder === 'mine'))" class="message-acts">
            <button v-if="message.correctable" type="button" class="correct" @click="edit({ message: message.id, text: message.correctable })">{{ words.correct }}</button>
            <button v-else type="button" @click="act('sendAgain', message.id)">{{ words.send_again }}</button>
          </p>
          </template>
        </article>
        <p v-if="customerTypes" class="customer-types">{{ words.customer_types }}</p>
        <article v-for="reply in thread.held" :key="'held-' + reply.id" class="message staff is-held" :class="{ 'is-crossed': reply.isCrossed }">
          <form v-if="editing?.held === reply.id" class="editor" @submit.prevent="saveEdit('change', reply.id)">
            <textarea v-model="editing.text" rows="3" maxlength="4000" required :aria-label="words.change"></textarea>
            <div class="buttons">
              <button type="submit" class="primary">{{ words.save }}</button>
              <button type="button" class="secondary" @click="editing = null">{{ words.cancel }}</button>
            </div>
          </form>
          <div v-else class="bubble"><p class="text">{{ reply.text }}</p></div>
          <p class="delivery" :role="reply.isCrossed ? 'alert' : null">{{ whenOut(reply) }}</p>
          <p v-if="reply.isMine" class="message-acts">
            <button type="button" @click="act('undo', reply.id)">{{ words.undo }}</button>
            <button v-if="reply.isForLater && !reply.isCrossed" type="button" @click="edit({ held: reply.id, text: reply.text })">{{ words.change }}</button>
            <button type="button" @click="act('sendNow', reply.id)">{{ words.send_now }}</button>
          </p>
        </article>
        <article v-if="othersDraft" class="message is-draft" :key="'draft'" aria-live="off">
          <header><strong>{{ fill(words.draft_of, { person: othersDraft.writer }) }}</strong><time>{{ moment(othersDraft.at) }}</time></header>
          <div class="bubble"><p class="text">{{ othersDraft.text }}</p></div>
          <p v-if="thread.holder === 'mine'" class="message-acts"><button type="button" class="take-up" @click="act('takeUpDraft')">{{ words.take_up_draft }}</button></p>
        </article>
      </div>
      <button v-if="newBelow" type="button" class="new-below" @click="toEnd">↓</button>
      <p v-if="isHeld && !isNote" class="held" role="alert">{{ words.reply_held }}</p>
      <div v-if="newer && thread.holder === 'mine' && !isNote" class="held newer-draft" role="alert">
        <p>{{ newer.edition ? words.draft_elsewhere : words.draft_gone }} <q v-if="newer.edition">{{ newer.text }}</q></p>
        <p class="buttons">
          <button type="button" class="secondary" @click="adopt(newer)">{{ newer.edition ? words.draft_use_other : words.draft_clear }}</button>
          <button type="button" class="secondary" @click="insist">{{ words.draft_use_this }}</button>
        </p>
      </div>
      <slot v-if="thread.holder === 'mine' && !isNote" name="writing"></slot>
      <form v-if="isForLater && !isNote && thread.holder === 'mine'" class="later-form" @submit.prevent="sendAt(ownTime())">
        <button type="button" class="secondary" @click="sendAt(Date.now() + 3600000)">{{ words.in_an_hour }}</button>
        <button type="button" class="secondary" @click="sendAt(tomorrowAtNine())">{{ words.tomorrow_at_nine }}</button>
        <label>{{ words.own_time }} <input type="datetime-local" v-model="chosenTime" required></label>
        <button type="submit" class="primary" :disabled="busy || !draft.trim()">{{ words.confirm }}</button>
      </form>
      <form class="composer" v-if="isNote || thread.holder === 'mine'" :class="{ 'is-note': isNote }" @submit.prevent="send">
        <textarea ref="field" v-model="written" rows="1" maxlength="4000" :placeholder="placeholder" :aria-label="placeholder"
                  @compositionstart="composing = true" @compositionend="endComposition" @keydown.enter="enter" @input="typed" @blur="keepDraft"></textarea>
        <button type="button" class="secondary note-toggle" title="Alt+N" :aria-pressed="isNote" @click="toggleNote">{{ noteToggle }}</button>
        <button v-if="!isNote" type="button" class="secondary later-toggle" :aria-expanded="isForLater" @click="isForLater = !isForLater">{{ words.send_later }}</button>
        <button type="submit" class="primary" :disabled="busy || !written.trim()">{{ isNote ? words.add_note : words.send }}</button>
      </form>
      <p v-else-if="thread.mayAnswer" class="no-composer"><button type="button" class="secondary note-toggle" title="Alt+N" @click="toggleNote">{{ words.internal_note }}</button></p>
    </section>
    <section class="thread none" v-else><p class="empty">{{ words.choose_conversation }}</p></section>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, locale: String, thread: Object, colleagues: Array },
  /** The reply tools in the slot `writing` read the draft and put texts into it. */
  provide() {
    return { composer: this };
  },
  emits: ["takeOver", "handBack", "reply", "typing", "draft", "takeUpDraft", "undo", "sendNow", "change", "correct", "sendAgain", "note", "colleagues", "transfer", "reveal"],
  data: () => ({ draft: "", note: "", of: null, basedOn: null, kept: "", keptAt: 0, keeping: null, left: null, soon: null, shared: null, newer: null, isNote: false, isHeld: false, chosen: [], macros: [], confirmed: "", isForLater: false, chosenTime: "", askedFor: null, editing: null, presence: null, toldTypingAt: 0, isTransferring: false, receiver: "", transferNote: "", busy: false, composing: false, atEnd: true, newBelow: false, now: Date.now() }),
  computed: {
    holderLine() {
      const lines = { mine: "held_by_you", bot: "bot_answers", queue: "customer_waits", staff: "held_by" };
      return window.tingsuDesk.fill(this.words[lines[this.thread.holder]], { name: this.thread.holderName });
    },
    /** What was heard of another conversation is not shown here. */
    others() {
      return this.presence?.id === this.thread.id ? this.presence.others : [];
    },
    /** One's own draft is in the composer, as long as there is one. */
    othersDraft() {
      return this.shared && !(this.shared.isMine && this.thread.holder === "mine") ? this.shared : null;
    },
    customerTypes() {
      return this.presence?.id === this.thread.id && this.presence.customerTypes;
    },
    /** An answer and a note are two drafts, so that a half-written note can never be sent to the customer. */
    written: {
      get() {
        return this.isNote ? this.note : this.draft;
      },
      set(text) {
        this[this.isNote ? "note" : "draft"] = text;
      },
    },
    placeholder() {
      return this.isNote ? this.words.note_placeholder : this.words.reply_placeholder;
    },
    noteToggle() {
      if (!this.isNote) return this.words.internal_note;
      return this.thread.holder === "mine" ? this.words.back_to_reply : this.words.cancel;
    },
    waited() {
      return window.tingsuDesk.duration(this.now - this.thread.waitingSince, this.words);
    },
  },
  watch: {
    /** An answer that is half written is kept on the server; until it is, in this browser tab. */
    draft(text) {
      this.keepDraftSoon();
      if (text) return;
      this.chosen = this.macros = [];
      this.confirmed = "";
    },
    /** A note that is half written survives a reload and a look at another conversation, in this browser tab only. */
    note(text) {
      this.keep("note", text);
    },
    thread(now, before) {
      const isAnother = now?.id !== before?.id;
      if (isAnother) {
        if (before?.holder === "mine") this.keepDraft();
        this.restore();
        this.chosen = this.macros = [];
        this.isNote = this.isHeld = this.isTransferring = this.isForLater = false;
        this.editing = null;
        this.atEnd = true;
        this.busy = false;
      }
      if (now && !isAnother) this.seeDraft({ id: now.id, draft: now.draft });
      if (now?.holder !== before?.holder) {
        if (now?.holder === "mine" && !isAnother) this.restoreDraft();
        this.busy = this.isHeld = this.isTransferring = false;
        if (now?.holder === "mine") this.$nextTick(() => this.$refs.field?.focus());
      }
      const last = (thread) => `${thread?.messages.at(-1)?.id} ${thread?.held.at(-1)?.id}`;
      if (isAnother || last(now) !== last(before)) {
        this.$nextTick(() => (this.atEnd ? this.toEnd() : (this.newBelow = true)));
      }
    },
  },
  mounted() {
    this.restore();
    document.addEventListener("keydown", this.shortcut);
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
    this.$nextTick(() => this.toEnd());
  },
  unmounted() {
    clearInterval(this.clock);
    clearTimeout(this.soon);
    document.removeEventListener("keydown", this.shortcut);
  },
  methods: {
    moment(at) {
      return window.tingsuDesk.moment(at, this.locale);
    },
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    size: (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`),
    follows(index) {
      const [before, message] = [this.thread.messages[index - 1], this.thread.messages[index]];
      return Boolean(before) && before.from === message.from && before.author === message.author && message.at - before.at < 120000;
    },
    keep(kind, text) {
      const key = `tingsu-${kind}-${this.thread?.id}`;
      if (text) sessionStorage.setItem(key, text);
      else sessionStorage.removeItem(key);
    },
    restore() {
      this.note = sessionStorage.getItem(`tingsu-note-${this.thread?.id}`) || "";
      this.shared = this.thread?.draft || null;
      this.restoreDraft();
    },
    /** What the server has counts, unless this tab has gone on from just there. */
    restoreDraft() {
      const own = this.shared?.isMine && this.thread?.holder === "mine" ? this.shared : null;
      const { text, basedOn } = this.unkept(this.thread?.id);
      this.of = this.thread?.id;
      if (this.keeping) this.left = this.keeping;
      this.keeping = null;
      this.adopt(own || { edition: null, text: "", at: 0 });
      if (text && basedOn === this.basedOn) this.draft = text;
    },
    /** What was written in this tab and the server has not answered for. */
    unkept: (id) => JSON.parse(sessionStorage.getItem(`tingsu-answer-${id}`) || "{}"),
    adopt(draft) {
      [this.draft, this.kept, this.keptAt, this.basedOn, this.newer] = [draft.text, draft.text, draft.at, draft.edition, null];
      this.$nextTick(this.grow);
    },
    keepDraftSoon() {
      if (this.draft === this.kept) return this.keep("answer", "");
      this.keep("answer", JSON.stringify({ text: this.draft, basedOn: this.basedOn }));
      this.soon ||= setTimeout(this.keepDraft, KEEP_AFTER);
    },
    /** One at a time: what comes next is based on what the server answers. After a while without an answer we ask again. */
    keepDraft() {
      clearTimeout(this.soon);
      this.soon = null;
      if (this.of === this.thread?.id && this.thread.holder !== "mine") return;
      const waits = this.keeping && Date.now() - this.keeping.at < 5000;
      if (this.draft === this.kept || waits || this.newer || this.busy) return;
      this.keeping = { id: this.of, text: this.draft, at: Date.now() };
      this.$emit("draft", { id: this.of, text: this.draft, basedOn: this.basedOn });
    },
    draftKept({ id, edition, at }) {
      if (id !== this.of) return this.keptOfAnother(id, edition);
      if (!this.keeping) return;
      [this.kept, this.keptAt, this.basedOn, this.keeping] = [this.keeping.text, Math.max(at, this.keptAt), edition, null];
      this.keepDraftSoon();
    },
    /** The person has gone on to another conversation; what they wrote last in this one may still be unkept. */
    keptOfAnother(id, edition) {
      const { text } = this.unkept(id);
      const isAll = this.left?.id !== id || text === this.left.text;
      if (isAll) sessionStorage.removeItem(`tingsu-answer-${id}`);
      else sessionStorage.setItem(`tingsu-answer-${id}`, JSON.stringify({ text, basedOn: edition }));
    },
    draftNotKept() {
      this.keeping = null;
    },
    draftIsOutOfDate({ id, draft }) {
      if (id !== this.of) return;
      this.keeping = null;
      this.newer = draft?.isMine ? draft : { edition: null, text: "", at: this.keptAt };
    },
    /** The person keeps what they have written here, knowing of the other. */
    insist() {
      [this.basedOn, this.keptAt, this.kept, this.newer] = [this.newer.edition, this.newer.at, this.newer.text, null];
      this.keepDraft();
    },
    /** A draft that is older than what is known here was read before that was kept. */
    seeDraft({ id, draft }) {
      if (id !== this.thread?.id || (draft && this.shared && draft.at < this.shared.at)) return;
      this.shared = draft;
      this.$nextTick(this.keepAtEnd);
      const isNews = draft?.isMine && draft.at > this.keptAt && draft.edition !== this.basedOn && !this.keeping;
      if (this.thread.holder !== "mine" || !isNews) return;
      if (this.draft === this.kept) this.adopt(draft);
      else this.newer = draft;
    },
    /** What somebody else had begun goes before what was begun here meanwhile. */
    takeUpDraft(draft) {
      const begun = this.draft.trim();
      this.shared = { ...draft, isMine: true };
      this.adopt(draft);
      if (begun) this.draft = `${draft.text}\n${begun}`;
      this.isNote = false;
      this.$nextTick(() => this.$refs.field?.focus());
    },
    /** By the key's place: Alt+N writes ˜ on a Mac. Alt+Z undoes the last answer. */
    shortcut(event) {
      if (!event.altKey || !this.thread?.mayAnswer) return;
      const undoable = this.thread.held.filter((reply) => reply.isMine && !reply.isForLater).at(-1);
      if (event.code === "KeyN") this.toggleNote();
      else if (event.code === "KeyZ" && undoable) this.act("undo", undoable.id);
      else return;
      event.preventDefault();
    },
    toggleNote() {
      this.isNote = !this.isNote;
      this.$nextTick(() => {
        this.grow();
        this.$refs.field?.focus();
      });
    },
    toggleTransfer() {
      this.isTransferring = !this.isTransferring;
      this.receiver = this.transferNote = "";
      if (this.isTransferring) this.act("colleagues");
    },
    transfer() {
      this.act("transfer", { to: this.receiver, note: this.transferNote });
    },
    /** Every act says which conversation it is about: the person may have gone on to another before it arrives. */
    act(event, what = null) {
      this.$emit(event, { of: this.thread.id, what });
    },
    actOnce(event) {
      this.holdOff();
      this.act(event);
    },
    /** What the composer sends: the text, what the person had seen of the customer, and how it came about. */
    answer(text) {
      return { text, seen: this.thread.lastOfCustomer, chosen: this.chosen, macros: this.macros.map((one) => one.name), confirmed: this.confirmed === text };
    },
    send() {
      const text = this.written.trim();
      if (!text || this.busy) return;
      this.holdOff();
      this.askedFor = null;
      this.atEnd = true;
      if (this.isNote) this.act("note", text);
      else this.act("reply", this.answer(text));
    },
    /** Put a canned reply where the cursor is; a gap in it is selected, to be typed over. */
    insert(text, id, macro) {
      const { selectionStart, selectionEnd } = this.$refs.field;
      const at = this.draft ? selectionStart : 0;
      this.draft = this.draft.slice(0, at) + text + this.draft.slice(selectionEnd);
      this.chosen = [...this.chosen, id];
      if (macro) this.addMacros([macro]);
      const gap = /【[^】]*】/.exec(text);
      this.$nextTick(() => this.select(at + (gap ? gap.index : text.length), gap ? gap[0].length : 0));
    },
    addMacros(macros) {
      this.macros = [...this.macros, ...macros.filter((macro) => !this.macros.some((one) => one.name === macro.name))];
    },
    select(start, length) {
      this.grow();
      this.$refs.field.focus();
      this.$refs.field.setSelectionRange(start, start + length);
    },
    /** Send what the person was warned of and has looked at again. */
    sendConfirmed() {
      this.confirmed = this.draft.trim();
      if (this.askedFor) this.sendAt(this.askedFor);
      else this.send();
    },
    sendAt(time) {
      const text = this.draft.trim();
      if (!text || this.busy) return;
      this.holdOff();
      this.askedFor = time;
      this.act("reply", { ...this.answer(text), sendAt: time });
    },
    /** Times are the bank's, wherever the browser thinks it is; China has no summer time. */
    ownTime() {
      return Date.parse(`${this.chosenTime}+08:00`);
    },
    tomorrowAtNine() {
      const tomorrow = new Date(Date.now() + 86400000).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });
      return Date.parse(`${tomorrow}T09:00+08:00`);
    },
    whenOut(reply) {
      if (reply.isCrossed) return this.words.reply_crossed;
      if (reply.isForLater) return window.tingsuDesk.fill(this.words.going_out_at, { time: this.moment(reply.sendAt) });
      const count = Math.max(0, Math.ceil((reply.sendAt - this.now) / 1000));
      return window.tingsuDesk.fill(this.words.going_out, { count });
    },
    edit(what) {
      this.editing = what;
      this.$nextTick(() => this.$el.querySelector(".editor textarea")?.focus());
    },
    saveEdit(what, id) {
      this.act(what, { id, text: this.editing.text.trim() });
    },
    rewritten() {
      this.editing = null;
    },
    /** An undone answer goes before what was begun meanwhile. */
    putBack(text, macros, id) {
      if (id !== this.thread?.id) {
        return sessionStorage.setItem(`tingsu-answer-${id}`, JSON.stringify({ text, basedOn: null }));
      }
      this.addMacros(macros);
      this.draft = this.draft.trim() ? `${text}\n${this.draft}` : text;
      this.isNote = false;
      this.$nextTick(() => {
        this.grow();
        this.$refs.field?.focus();
      });
    },
    /** No second click while the first is on its way; if no answer comes, the person may try again. */
    holdOff() {
      this.busy = true;
      clearTimeout(this.patience);
      this.patience = setTimeout(() => (this.busy = false), 8000);
    },
    sent(kind, id) {
      if (id !== this.thread?.id) return sessionStorage.removeItem(`tingsu-${kind === "draft" ? "answer" : kind}-${id}`);
      this.busy = this.isHeld = this.isForLater = false;
      if (kind === "draft") this.draftSent();
      this[kind] = "";
      this.$nextTick(() => {
        this.grow();
        this.$refs.field?.focus();
      });
    },
    draftSent() {
      [this.kept, this.basedOn, this.keeping, this.newer] = ["", null, null, null];
    },
    held(id) {
      if (id !== this.thread?.id) return;
      this.busy = false;
      this.isHeld = true;
      this.keepDraftSoon();
      this.$nextTick(() => this.$refs.field?.focus());
    },
    notSent(id) {
      if (id !== this.thread?.id) return;
      this.busy = false;
      this.keepDraftSoon();
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
    typed() {
      this.grow();
      if (this.isNote || !this.draft.trim() || Date.now() - this.toldTypingAt < 3000) return;
      this.toldTypingAt = Date.now();
      this.$emit("typing");
    },
    seePresence(presence) {
      this.presence = presence;
      this.$nextTick(this.keepAtEnd);
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
