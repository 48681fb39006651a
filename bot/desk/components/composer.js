/* Above the field for an answer: the LEARN checklist, the picker of canned replies, and a word of caution before sending. */
const OPENING = new Set(["/", "、"]); // an input method writes the second for the same key

export default {
  template: `
    <div class="reply-tools" @keydown.esc="close">
      <div v-if="isWarning" class="caution" role="alert">
        <p>{{ caution.said }}</p>
        <p v-if="caution.mayConfirm" class="buttons">
          <button type="button" class="secondary send-anyway" @click="composer.sendConfirmed()">{{ words.send_anyway }}</button>
          <button type="button" class="secondary change-text" @click="dismiss">{{ words.change_text }}</button>
        </p>
      </div>
      <section v-if="isOpen" class="picker" :aria-label="words.canned_replies">
        <input ref="search" v-model="search" type="search" role="combobox" aria-controls="replies" aria-expanded="true" :aria-activedescendant="chosen && rowId(chosen)"
               :placeholder="words.find_reply" :aria-label="words.find_reply" @keydown="keys">
        <ul id="replies" ref="rows" role="listbox" :aria-label="words.canned_replies">
          <template v-for="(reply, index) in found" :key="rowId(reply)">
            <li v-if="reply.group !== found[index - 1]?.group" class="picker-group" role="presentation">{{ reply.group }}</li>
            <li :id="rowId(reply)" role="option" class="canned-reply" :aria-selected="index === at" :data-id="reply.id" :data-language="reply.language" @mousemove="at = index" @click="take(reply)">
              <strong>{{ reply.title }}<em v-if="reply.isOwn" class="chip">{{ words.own_reply }}</em><em v-if="reply.does" class="chip">{{ reply.does }}</em></strong><span>{{ reply.text }}</span>
            </li>
          </template>
        </ul>
        <p v-if="replies.length && !found.length" class="empty">{{ words.no_reply_found }}</p>
      </section>
      <ol v-if="checklist" class="checklist" :aria-label="words.learn_checklist">
        <li v-for="step in checklist.steps" :key="step.step" :class="{ done: step.doneAt }" :data-step="step.step">
          <i v-if="step.doneAt" :title="step.by">✓</i>
          <button v-else type="button" class="tick" :title="words.tick_step" :aria-label="words.tick_step + ' ' + step.name" @click="tick(step)">{{ step.letter }}</button>
          <button type="button" class="quiet mark" :title="step.doneAt ? step.by : step.hint" @click="open(step.step)">{{ step.name }}</button>
        </li>
      </ol>
      <p v-if="composer.macros.length" class="afterwards">
        <span v-for="macro in composer.macros" :key="macro.name" class="chip">{{ composer.fill(words.after_sending, macro) }}
          <button type="button" class="quiet" :aria-label="words.leave_out" @click="leaveOut(macro)">×</button></span>
      </p>
      <div class="tools-line">
        <p class="step-hint">{{ missing?.hint }}</p>
        <button type="button" class="secondary open-picker" :title="words.canned_replies_key" :aria-expanded="isOpen" @click="isOpen ? close() : open()">{{ words.canned_replies }} <kbd>/</kbd></button>
      </div>
    </div>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, offered: Object, checklist: Object, caution: Object },
  inject: ["composer"],
  emits: ["replies", "tick", "openAct"],
  data: () => ({ isOpen: false, search: "", step: "", at: 0, askedAt: 0, isEnterWaiting: false, dismissed: null }),
  computed: {
    missing() {
      return this.checklist?.steps.find((step) => !step.doneAt);
    },
    /** A warning is about one text: whoever changes the text has answered it. */
    isWarning() {
      return Boolean(this.caution) && this.caution !== this.dismissed && this.caution.text === this.composer.draft.trim();
    },
    /** Those asked for when the picker was opened; earlier ones may hold another customer's facts. */
    replies() {
      return this.offered?.askedAt === this.askedAt ? this.offered.replies : [];
    },
    found() {
      const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
      return this.replies.filter((reply) => {
        const text = `${reply.title} ${reply.group} ${reply.text}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
    },
    chosen() {
      return this.found[this.at];
    },
  },
  watch: {
    "composer.draft"(text, before) {
      if (before || !OPENING.has(text) || this.isOpen) return;
      this.composer.draft = "";
      this.open();
    },
    "composer.thread.id"() {
      this.isOpen = false;
    },
    search() {
      this.at = 0;
    },
    replies(now, before) {
      if (!this.isOpen || !now.length || before.length) return;
      if (this.isEnterWaiting && this.chosen) return this.take(this.chosen);
      this.at = Math.max(0, this.found.findIndex((reply) => reply.step === this.step));
      this.$nextTick(() => this.showChosen("start"));
    },
  },
  methods: {
    act(event, what) {
      this.$emit(event, { of: this.composer.thread.id, what });
    },
    rowId: (reply) => `reply-${reply.id}-${reply.language}-${reply.act}-${reply.macro}`,
    /** The facts are those of this moment, so the replies are asked for each time. */
    open(step = "") {
      Object.assign(this, { isOpen: true, search: "", step, at: 0, askedAt: Date.now(), isEnterWaiting: false });
      this.act("replies", this.askedAt);
      this.$nextTick(() => this.$refs.search.focus());
    },
    close() {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.composer.$refs.field?.focus();
    },
    take(reply) {
      this.isOpen = false;
      this.composer.insert(reply.text, reply.id, reply.macro && { name: reply.macro, steps: reply.steps });
      if (reply.act) this.act("openAct", reply.act);
    },
    leaveOut(macro) {
      this.composer.macros = this.composer.macros.filter((one) => one !== macro);
    },
    tick(step) {
      this.act("tick", { complaint: this.checklist.complaint, step: step.step });
    },
    dismiss() {
      this.dismissed = this.caution;
      this.composer.$refs.field?.focus();
    },
    keys(event) {
      if (event.isComposing || event.keyCode === 229) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        this.at = Math.min(Math.max(this.at + step, 0), this.found.length - 1);
        this.$nextTick(() => this.showChosen("nearest"));
      } else if (event.key === "Enter") {
        if (this.chosen) this.take(this.chosen);
        else this.isEnterWaiting = !this.replies.length;
      } else return;
      event.preventDefault();
    },
    showChosen(block) {
      this.$refs.rows?.querySelector("[aria-selected=true]")?.scrollIntoView({ block });
    },
  },
};
