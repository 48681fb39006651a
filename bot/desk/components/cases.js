/* The complaints of a conversation: what was said, why this tier, what is due, what was done, and how it ended. */
export default {
  template: `
    <aside class="cases" :aria-label="words.complaints">
      <p v-if="!cases.length" class="empty">{{ words.no_complaint }}</p>
      <details v-for="(item, index) in cases" :key="item.id" class="case" :open="index === 0 || !item.isSettled" :data-number="item.number">
        <summary>
          <span class="case-line"><strong class="number">{{ item.number }}</strong>
            <span class="tier-chip" :class="item.tier">{{ item.tierName }}</span><span class="state" :class="{ settled: item.isSettled }">{{ item.state }}</span></span>
          <span class="case-subject">{{ item.subject }}</span>
          <small>{{ item.outlet }} · {{ words.opened }} {{ moment(item.openedAt) }}<template v-if="item.emotion"> · {{ item.emotion }}</template><template v-if="item.reopenedCount"> · {{ fill(words.reopened, { count: item.reopenedCount }) }}</template></small>
        </summary>

        <section v-if="item.deadlines.length">
          <h3>{{ words.deadlines }}</h3>
          <ul class="deadlines">
            <li v-for="deadline in item.deadlines" :key="deadline.name + deadline.dueAt" :class="urgency(deadline)">
              <span>{{ deadline.name }}</span><time :title="moment(deadline.dueAt)">{{ countdown(deadline) }}</time>
              <small>{{ moment(deadline.dueAt) }} · {{ deadline.rule }}</small>
            </li>
          </ul>
        </section>

        <section v-if="item.decisions.length">
          <h3>{{ words.why_this_tier }}</h3>
          <div v-for="(decision, place) in item.decisions" :key="place" class="decision" :class="{ former: place > 0 }">
            <p class="decision-line"><span class="tier-chip" :class="decision.tier">{{ decision.previousName ? decision.previousName + ' → ' : '' }}{{ decision.tierName }}</span><small>{{ decision.by }} · {{ moment(decision.at) }}</small></p>
            <ul><li v-for="reason in decision.reasons" :key="reason">{{ reason }}</li></ul>
          </div>
        </section>

        <section v-if="item.signals.length">
          <h3>{{ words.signals }}</h3>
          <ul class="signals"><li v-for="signal in item.signals" :key="signal.name"><span>{{ signal.name }}</span><q v-if="signal.words">{{ signal.words }}</q></li></ul>
        </section>

        <section v-if="item.facts.length">
          <h3>{{ words.facts }}<button v-if="item.mayRevealPhone" type="button" class="reveal" @click="$emit('reveal', 'phone')">{{ words.reveal_phone }}</button></h3>
          <dl><template v-for="(fact, place) in item.facts" :key="place"><dt>{{ fact.label }}</dt>
            <dd>{{ fact.text }}<small v-for="earlier in fact.earlier" :key="earlier">{{ earlier }}</small></dd></template></dl>
        </section>

        <section><h3>{{ words.story }}</h3><p class="story">{{ item.story }}</p></section>

        <section>
          <h3>{{ words.learn }}</h3>
          <ol class="steps"><li v-for="(step, place) in item.steps" :key="place" :class="{ done: step.doneAt }">
            <i>{{ step.doneAt ? '✓' : step.letter }}</i><span>{{ step.name }}</span>
            <small>{{ step.doneAt ? step.by + ' · ' + moment(step.doneAt) : words.not_done_yet }}</small></li></ol>
        </section>

        <section v-if="item.result"><h3>{{ words.result }}</h3><p class="story">{{ item.result }}</p><p class="aside">{{ item.answer }}</p></section>
        <section v-if="item.isSettled || item.rating">
          <h3>{{ words.satisfaction }}</h3>
          <p v-if="item.rating" class="rating"><span class="stars" aria-hidden="true">{{ '★'.repeat(item.rating) }}<i>{{ '★'.repeat(5 - item.rating) }}</i></span>{{ item.ratingText }}</p>
          <p v-else class="aside">{{ words.not_rated }}</p>
          <p v-if="item.ratingComment" class="story">{{ item.ratingComment }}</p>
        </section>

        <section v-if="item.mayResolve" class="resolve">
          <button v-if="writing !== item.id" type="button" class="secondary wide" @click="begin(item.id)">{{ words.resolve }}</button>
          <form v-else @submit.prevent="resolve(item.id)">
            <textarea v-model="result" rows="4" maxlength="4000" :placeholder="words.resolve_placeholder" :aria-label="words.resolve_placeholder"></textarea>
            <p><button type="button" class="quiet" @click="writing = null">{{ words.cancel }}</button>
               <button type="submit" class="primary" :disabled="busy || !result.trim()">{{ words.resolve_confirm }}</button></p>
          </form>
        </section>
      </details>
    </aside>
  `,
  props: { words: Object, locale: String, cases: Array },
  emits: ["resolve", "reveal"],
  data: () => ({ writing: null, result: "", busy: false, now: Date.now() }),
  mounted() {
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
  },
  unmounted() {
    clearInterval(this.clock);
  },
  methods: {
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    moment(at) {
      return window.tingsuDesk.moment(at, this.locale);
    },
    countdown(deadline) {
      if (deadline.metAt) return `${this.words.met} ${this.moment(deadline.metAt)}`;
      const time = window.tingsuDesk.duration(Math.abs(deadline.dueAt - this.now), this.words);
      return this.fill(deadline.dueAt < this.now ? this.words.overdue : this.words.left, { time });
    },
    urgency(deadline) {
      if (deadline.metAt) return deadline.metAt > deadline.dueAt ? "met late" : "met";
      if (deadline.dueAt < this.now) return "overdue";
      return deadline.dueAt - this.now < 7200000 ? "soon" : "";
    },
    begin(id) {
      if (this.writing !== id) this.result = "";
      this.writing = id;
      this.$nextTick(() => this.$el.querySelector?.(".resolve textarea")?.focus());
    },
    resolve(id) {
      this.busy = true;
      setTimeout(() => (this.busy = false), 3000);
      this.$emit("resolve", { id, result: this.result.trim() });
    },
    resolved() {
      this.writing = null;
      this.result = "";
      this.busy = false;
    },
  },
};
